# Writes book.fods and book.csv, the same table, into this folder. LibreOffice makes the workbooks of the first:
#   soffice --headless --convert-to xlsx book.fods, and the same for ods and xls
import math
rows=[]
csv=["mass,species,day,at,clock,ok,ratio"]
def cell(t, attrs, text): return f'<table:table-cell office:value-type="{t}" {attrs}><text:p>{text}</text:p></table:table-cell>'
for i in range(60):
    mass = round(40 + 7*math.sin(i*0.7), 3)
    count = i*i%17
    day=f"2024-{1+i%12:02}-{1+i%28:02}"
    at=f"{day}T{i%24:02}:{i*7%60:02}:00"
    clock=f"PT{i%24:02}H{i*11%60:02}M00S"
    clk=f"{i%24:02}:{i*11%60:02}:00"
    ok = "true" if i%3 else "false"
    ratio = '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>' if i==7 else f'<table:table-cell table:formula="of:={count}*2" office:value-type="float" office:value="{count*2}"><text:p>{count*2}</text:p></table:table-cell>'
    m = '<table:table-cell/>' if i==11 else cell("float", f'office:value="{mass!r}"', f"{mass:.2f}")
    rows.append("<table:table-row>"+m+cell("string","",["Adelie","Gentoo, large"][i%2])+cell("date",f'office:date-value="{day}" table:style-name="d"',day)+cell("date",f'office:date-value="{at}" table:style-name="dt"',at)+cell("time",f'office:time-value="{clock}" table:style-name="t"',clk)+cell("boolean",f'office:boolean-value="{ok}" table:style-name="b"',ok.upper())+ratio+"</table:table-row>")
    sp=["Adelie",'"Gentoo, large"'][i%2]
    csv.append(",".join(["" if i==11 else repr(mass),sp,day,at,clk,ok.upper(),"#DIV/0!" if i==7 else str(count*2)]))
head="<table:table-row>"+"".join(cell("string","",h) for h in csv[0].split(","))+"</table:table-row>"
styles='''<number:date-style style:name="N1" number:automatic-order="false"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
<number:date-style style:name="N2"><number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/><number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/></number:date-style>
<number:time-style style:name="N3"><number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/><number:text>:</number:text><number:seconds number:style="long"/></number:time-style>
<number:boolean-style style:name="N4"><number:boolean/></number:boolean-style><style:style style:name="b" style:family="table-cell" style:data-style-name="N4"/><style:style style:name="d" style:family="table-cell" style:data-style-name="N1"/><style:style style:name="dt" style:family="table-cell" style:data-style-name="N2"/><style:style style:name="t" style:family="table-cell" style:data-style-name="N3"/>'''
notes='<table:table table:name="Notes"><table:table-row><table:table-cell/></table:table-row></table:table>'
ns='xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
open("book.fods","w").write(f'<?xml version="1.0"?><office:document {ns} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{notes}<table:table table:name="Penguins">{head}{"".join(rows)}</table:table></office:spreadsheet></office:body></office:document>')
open("book.csv","w").write("\n".join(csv)+"\n")
