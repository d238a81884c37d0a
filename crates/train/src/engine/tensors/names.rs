//! Names of arrays: paths of parameters in a module, networks of a run, frequencies beside the weights.

use super::{Array, ArrayError, TensorMap, Values};

/// Name of the level embedding's random frequencies, which are stored beside the weights.
const FREQUENCIES: &str = "level_embedding.frequencies";

impl TensorMap {
    /// Adds the random frequencies of the level's embedding, where it has some.
    pub(crate) fn put_frequencies(&mut self, frequencies: &[f32]) {
        if !frequencies.is_empty() {
            let array = Array::f32([frequencies.len()], frequencies.to_vec());
            self.0.insert(FREQUENCIES.to_owned(), array);
        }
    }

    /// Takes out the random frequencies of the level's embedding; none are there for most embeddings.
    pub(crate) fn take_frequencies(&mut self) -> Vec<f32> {
        match self.0.remove(FREQUENCIES) {
            Some(Array { values: Values::F32(frequencies), .. }) => frequencies,
            _ => Vec::new(),
        }
    }

    /// Joins the maps of several networks into one, with the names of network N under `networks.N.`. A
    /// single map stays as it is.
    pub(crate) fn joined(maps: Vec<Self>) -> Self {
        let several = maps.len() > 1;
        let name = |number: usize, name: String| match several {
            true => format!("{}{name}", network_prefix(number)),
            false => name,
        };
        let arrays = maps.into_iter().enumerate().flat_map(|(number, map)| {
            map.0.into_iter().map(move |(own, array)| (name(number, own), array))
        });
        Self(arrays.collect())
    }

    /// Splits a map into the maps of `count` networks that [`joined`](Self::joined) put into it.
    ///
    /// # Errors
    /// A name that belongs to none of them.
    pub(crate) fn split(mut self, count: usize) -> Result<Vec<Self>, ArrayError> {
        if count == 1 {
            return Ok(vec![self]);
        }
        let maps = (0..count).map(|number| {
            let prefix = network_prefix(number);
            let own = self.0.extract_if(.., |name, _| name.starts_with(&prefix));
            Self(own.map(|(name, array)| (name[prefix.len()..].to_owned(), array)).collect())
        });
        let maps = maps.collect();
        match self.0.keys().next() {
            Some(name) => Err(ArrayError::NotOfNetworks { name: name.clone(), count }),
            None => Ok(maps),
        }
    }
}

/// Prefix of the names of a network's arrays, where a run has several networks.
fn network_prefix(number: usize) -> String {
    format!("networks.{number}.")
}

/// Path to the parameter that a traversal of a module has reached.
#[derive(Debug, Default)]
pub(crate) struct Path {
    names: Vec<String>,
    containers: Vec<String>,
}

impl Path {
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.names.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    pub(crate) fn exit(&mut self) {
        self.names.pop();
        self.containers.pop();
    }

    /// The parameter's name.
    pub(crate) fn name(&self) -> String {
        self.names.join(".")
    }

    /// The path of the struct that holds the parameter, with a point at its end, and the parameter's name
    /// there; `None` where the struct is of another container.
    pub(super) fn within(&self, container: &str) -> Option<(String, &str)> {
        let (own, parents) = self.names.split_last()?;
        let parent = parents.iter().fold(String::new(), |path, name| path + name + ".");
        (self.containers.last()? == container).then_some((parent, own))
    }
}
