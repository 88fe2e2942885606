//! The ways of bringing an image to the network input: person crop, stretch, letterbox, and which task gets which.

use super::person::{check_box, crop_plan};
use super::resize::{Interpolation, axes};
use super::warp::Kernel;
use super::{Geometry, Placement, Plan};
use crate::error::{Error, Result};
use crate::geometry::{Rect, Size};
use crate::image::Image;
use crate::spec::{ModelFraming, Task};

/// What the caller wants every task of an official model to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Framing {
    /// Each task as the official code: pose a person crop; seg, matting and features the stretched image; normal,
    /// pointmap and albedo the letterboxed image.
    #[default]
    Official,
    /// Every task the person crop of pose, so that all outputs of a person align.
    Crop,
}

impl Framing {
    /// The name used in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Crop => "crop",
        }
    }
}

impl std::fmt::Display for Framing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Framing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Official, Self::Crop]
            .into_iter()
            .find(|framing| framing.name() == text)
            .ok_or_else(|| Error::invalid(format!("unknown framing `{text}`; known are official, crop")))
    }
}

/// What [`stretch`] does when the width does not shrink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enlarge {
    /// As the official segmentation.
    Cubic,
    /// As the official matting.
    Linear,
}

/// The pixels a model sees, and where they lie in the image.
#[derive(Clone, PartialEq)]
pub struct Framed {
    /// RGB8 HWC, size `placement.input`.
    pub pixels: Vec<u8>,
    /// Where they lie in the image.
    pub placement: Placement,
}

impl std::fmt::Debug for Framed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Framed").field("placement", &self.placement).finish_non_exhaustive()
    }
}

/// What a model sees of `image` for one task.
///
/// | model | framing | task | box | sees |
/// |---|---|---|---|---|
/// | official | official | pose | yes, no | person crop of the box, of the whole image |
/// | official | official | seg, features; matting | (unused) | stretched image, enlarged cubic; linear |
/// | official | official | normal, pointmap, albedo | (unused) | letterboxed image |
/// | official | crop | all | yes, no | person crop of the box, of the whole image |
/// | sapiens1 | official | pose | yes, no | person crop of the box, of the whole image, bilinear |
/// | sapiens1 | official | features | (unused) | stretched image, cubic with antialiasing (as Pillow has it) |
/// | sapiens1 | official | all others | (unused) | stretched image, bilinear |
/// | sapiens1 | crop | all | yes, no | person crop as of pose |
/// | stretch | both | all | yes | person crop of the box |
/// | stretch | both | all | no | stretched image, enlarged cubic |
///
/// The backbone of Sapiens2 alone has no official pipeline of its own; it gets that of segmentation.
///
/// # Errors
/// `InvalidArgument` if the box (also an unused one) is not finite, has no extent or lies outside the image, or if
/// `input` is not usable.
pub fn frame(
    image: &Image,
    bbox: Option<Rect>,
    input: Size,
    task: Task,
    framing: Framing,
    model: ModelFraming,
) -> Result<Framed> {
    plan(image.size(), bbox, input, task, framing, model)?.apply(image)
}

/// The plan of [`frame`], for an image of a size.
///
/// # Errors
/// Those of [`frame`].
pub fn plan(
    image: Size,
    bbox: Option<Rect>,
    input: Size,
    task: Task,
    framing: Framing,
    model: ModelFraming,
) -> Result<Plan> {
    if let Some(bbox) = bbox {
        check_box(bbox, image)?;
    }
    let person = bbox.unwrap_or(Rect::whole(image));
    let crop = |kernel| crop_plan(image, person, input, kernel);
    let stretch = |enlarge| stretch_plan(image, input, stretching(image, input, enlarge));
    match (model, framing) {
        (ModelFraming::Stretch, _) if bbox.is_some() => crop(None),
        (ModelFraming::Stretch, _) => stretch(Enlarge::Cubic),
        (ModelFraming::Official, Framing::Crop) => crop(None),
        (ModelFraming::Official, Framing::Official) => match task {
            Task::Pose => crop(None),
            Task::Features | Task::Seg => stretch(Enlarge::Cubic),
            Task::Matting | Task::Depth => stretch(Enlarge::Linear),
            Task::Normal | Task::Pointmap | Task::Albedo => letterbox_plan(image, input),
        },
        (ModelFraming::Sapiens1, Framing::Official) => match task {
            Task::Pose => crop(Some(Kernel::Linear)),
            Task::Features => stretch_plan(image, input, Interpolation::AntialiasedCubic),
            _ => stretch_plan(image, input, Interpolation::Linear),
        },
        (ModelFraming::Sapiens1, Framing::Crop) => crop(Some(Kernel::Linear)),
    }
}

/// The whole image, each axis scaled by itself. A width above that of the input selects area averaging (the height
/// is not looked at), any other `enlarge`.
///
/// # Errors
/// `InvalidArgument` if `input` is not at least 2 x 2.
pub fn stretch(image: &Image, input: Size, enlarge: Enlarge) -> Result<Framed> {
    stretch_with(image, input, stretching(image.size(), input, enlarge))
}

fn stretching(image: Size, input: Size, enlarge: Enlarge) -> Interpolation {
    match enlarge {
        _ if input.width < image.width => Interpolation::Area,
        Enlarge::Cubic => Interpolation::Cubic,
        Enlarge::Linear => Interpolation::Linear,
    }
}

/// [`stretch`] with the same interpolation whatever grows or shrinks.
///
/// # Errors
/// `InvalidArgument` if `input` is not at least 2 x 2.
pub fn stretch_with(image: &Image, input: Size, interpolation: Interpolation) -> Result<Framed> {
    stretch_plan(image.size(), input, interpolation)?.apply(image)
}

fn stretch_plan(image: Size, input: Size, interpolation: Interpolation) -> Result<Plan> {
    check_input(input)?;
    let (columns, rows) = axes(image, input, interpolation);
    Ok(Plan {
        placement: Placement { image, input, geometry: Geometry::Stretch },
        columns,
        rows,
        border: 0,
        is_mirrored: false,
    })
}

/// The whole image, aspect ratio kept, bilinear without antialiasing, centred on black.
///
/// # Errors
/// `InvalidArgument` if `input` is not at least 2 x 2.
pub fn letterbox(image: &Image, input: Size) -> Result<Framed> {
    letterbox_plan(image.size(), input)?.apply(image)
}

/// The plan of [`letterbox`].
///
/// # Errors
/// Those of [`letterbox`].
pub fn letterbox_plan(image: Size, input: Size) -> Result<Plan> {
    check_input(input)?;
    let inner = letterbox_size(image, input);
    let (pad_x, pad_y) = (input.width - inner.width, input.height - inner.height);
    let (left, top) = (pad_x / 2, pad_y / 2);
    let (right, bottom) = (pad_x - left, pad_y - top);
    let (columns, rows) = axes(image, inner, Interpolation::Linear);
    let geometry = Geometry::Letterbox { left, right, top, bottom };
    Ok(Plan {
        placement: Placement { image, input, geometry },
        columns: columns.bordered(left, right),
        rows: rows.bordered(top, bottom),
        border: 0,
        is_mirrored: false,
    })
}

/// Size of the picture inside a letterbox. Truncated, so a float error can cost the limiting side one pixel, as in
/// the official code; at least 1 x 1.
pub fn letterbox_size(image: Size, input: Size) -> Size {
    let scale = (input.width as f64 / image.width as f64).min(input.height as f64 / image.height as f64);
    let side = |n: usize, limit: usize| ((n as f64 * scale) as usize).min(limit).max(1);
    Size::new(side(image.width, input.width), side(image.height, input.height))
}

pub(super) fn check_input(input: Size) -> Result<()> {
    if input.width < 2 || input.height < 2 {
        return Err(Error::invalid(format!(
            "input: {} wide, {} high; at least 2 x 2 is needed",
            input.width, input.height
        )));
    }
    crate::image::check_size(input.width as u64, input.height as u64)
}

#[cfg(test)]
mod tests {
    use super::super::person_crop;
    use super::*;

    fn image() -> Image {
        Image::from_rgb8(Size::new(40, 30), vec![200; 3600]).unwrap()
    }

    fn see(bbox: Option<Rect>, task: Task, framing: Framing, model: ModelFraming) -> Geometry {
        frame(&image(), bbox, Size::new(24, 32), task, framing, model).unwrap().placement.geometry
    }

    #[test]
    fn each_task_gets_the_framing_of_the_table() {
        use ModelFraming::{Official, Sapiens1, Stretch};
        let bbox = Some(Rect { x: 5.0, y: 2.0, width: 9.0, height: 20.0 });
        let whole = Some(Rect::whole(Size::new(40, 30)));
        for task in Task::ALL {
            assert_eq!(see(bbox, task, Framing::Crop, Official), see(bbox, Task::Pose, Framing::Official, Official));
            assert_eq!(see(None, task, Framing::Crop, Official), see(whole, task, Framing::Crop, Official));
            for framing in [Framing::Official, Framing::Crop] {
                assert!(matches!(see(bbox, task, framing, Stretch), Geometry::Crop { .. }));
                assert_eq!(see(None, task, framing, Stretch), Geometry::Stretch);
            }
            let official = see(bbox, task, Framing::Official, Official);
            assert!(match task {
                Task::Pose => matches!(official, Geometry::Crop { .. }),
                Task::Features | Task::Seg | Task::Matting | Task::Depth => official == Geometry::Stretch,
                _ => official == Geometry::Letterbox { left: 0, right: 0, top: 7, bottom: 7 },
            });
            assert_eq!(see(bbox, task, Framing::Crop, Sapiens1), see(bbox, task, Framing::Crop, Official));
            let first = see(bbox, task, Framing::Official, Sapiens1);
            assert_eq!(first == Geometry::Stretch, task != Task::Pose, "{task}");
        }
    }

    #[test]
    fn bad_boxes_are_named_and_partly_outside_is_fine() {
        let input = Size::new(24, 32);
        let at = |x, y, width, height| Rect { x, y, width, height };
        for bbox in [
            at(f32::NAN, 0.0, 5.0, 5.0),
            at(1.0, 1.0, 0.0, 5.0),
            at(1.0, 1.0, 5.0, -2.0),
            at(0.0, 0.0, f32::INFINITY, 1.0),
        ] {
            let error = person_crop(&image(), bbox, input).unwrap_err().to_string();
            assert!(error.starts_with("box ") && error.contains("above 0"), "{error}");
        }
        for bbox in [at(40.0, 0.0, 5.0, 5.0), at(-9.0, 0.0, 9.0, 5.0), at(0.0, 30.0, 5.0, 5.0), at(0.0, -5.0, 4.0, 5.0)]
        {
            let error = frame(&image(), Some(bbox), input, Task::Seg, Framing::Official, ModelFraming::Official);
            assert!(error.unwrap_err().to_string().contains("outside the image, which is 40 wide and 30 high"));
        }
        for bbox in [at(1.0, 1.0, 1e-44, 1e-44), at(-1e38, -1e38, 3e38, 3e38)] {
            assert!(person_crop(&image(), bbox, input).unwrap_err().to_string().contains("too small or too large"));
        }
        let framed = person_crop(&image(), at(-20.0, -20.0, 30.0, 40.0), input).unwrap();
        assert_eq!(framed.pixels[..3], [0, 0, 0]);
        assert!(framed.pixels.contains(&200));
        assert!(person_crop(&image(), at(0.0, 0.0, 5.0, 5.0), Size::new(1, 9)).is_err());
    }

    #[test]
    fn extreme_aspect_ratios_keep_at_least_one_pixel() {
        let line = Image::from_rgb8(Size::new(3000, 1), vec![9; 9000]).unwrap();
        let framed = letterbox(&line, Size::new(96, 128)).unwrap();
        assert_eq!(framed.placement.geometry, Geometry::Letterbox { left: 0, right: 0, top: 63, bottom: 64 });
        let dot = Image::from_rgb8(Size::new(1, 1), vec![9; 3]).unwrap();
        for task in Task::ALL {
            for framing in [Framing::Official, Framing::Crop] {
                assert!(frame(&dot, None, Size::new(96, 128), task, framing, ModelFraming::Official).is_ok());
            }
        }
    }

    #[test]
    fn framings_have_names() {
        for framing in [Framing::Official, Framing::Crop] {
            assert_eq!(framing.to_string().parse::<Framing>().unwrap(), framing);
        }
        assert!("letterbox".parse::<Framing>().unwrap_err().to_string().contains("official, crop"));
    }
}
