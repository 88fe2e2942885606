//! Tensors in and out of a session.

use crate::error::{Error, ErrorKind, Result};

/// Elements of an owned tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum TensorData {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Bytes.
    U8(Vec<u8>),
}

/// An owned tensor: shape and elements in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: TensorData,
}

impl Tensor {
    /// The elements as floats, or an error that names what was asked for.
    pub fn floats(&self) -> Result<&[f32]> {
        match &self.data {
            TensorData::F32(data) => Ok(data),
            TensorData::U8(_) => Err(not_floats()),
        }
    }

    /// As [`Tensor::floats`], but moves them out: logits are 91 MB that need no second copy.
    pub fn take_floats(&mut self) -> Result<Vec<f32>> {
        match &mut self.data {
            TensorData::F32(data) => Ok(std::mem::take(data)),
            TensorData::U8(_) => Err(not_floats()),
        }
    }

    /// The elements as bytes.
    pub fn bytes(&self) -> Result<&[u8]> {
        match &self.data {
            TensorData::U8(data) => Ok(data),
            TensorData::F32(_) => Err(Error::new(ErrorKind::Runtime, "the graph returned floats where bytes belong")),
        }
    }

    /// The tensors of a batch one by one, each a batch of 1: along the first axis.
    ///
    /// # Errors
    /// `Runtime` if the first axis has not `count` elements.
    pub fn split(self, count: usize) -> Result<Vec<Self>> {
        if count == 0 || self.shape.first() != Some(&count) {
            let message = format!("the graph answered a batch of {count} with the shape {:?}", self.shape);
            return Err(Error::new(ErrorKind::Runtime, message));
        }
        if count == 1 {
            return Ok(vec![self]);
        }
        let shape: Vec<usize> = std::iter::once(1).chain(self.shape.iter().skip(1).copied()).collect();
        let one = |data: TensorData| Self { shape: shape.clone(), data };
        let size: usize = shape.iter().product();
        Ok(match &self.data {
            TensorData::F32(all) => {
                (0..count).map(|i| one(TensorData::F32(all[i * size..][..size].to_vec()))).collect()
            }
            TensorData::U8(all) => (0..count).map(|i| one(TensorData::U8(all[i * size..][..size].to_vec()))).collect(),
        })
    }

    /// A view of the whole tensor.
    pub fn view(&self) -> View<'_> {
        match &self.data {
            TensorData::F32(data) => View::F32(&self.shape, data),
            TensorData::U8(data) => View::U8(&self.shape, data),
        }
    }
}

fn not_floats() -> Error {
    Error::new(ErrorKind::Runtime, "the graph returned bytes where floats belong")
}

/// A borrowed tensor: shape and elements.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// 32-bit floats.
    F32(&'a [usize], &'a [f32]),
    /// Bytes.
    U8(&'a [usize], &'a [u8]),
    /// 32-bit integers.
    I32(&'a [usize], &'a [i32]),
}

impl View<'_> {
    /// Bytes of the elements.
    pub fn bytes(&self) -> usize {
        match self {
            Self::F32(_, data) => size_of_val(*data),
            Self::U8(_, data) => data.len(),
            Self::I32(_, data) => size_of_val(*data),
        }
    }
}
