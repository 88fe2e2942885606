//! What people wear: materials, clothes, shoes, hair, hats, glasses and what they carry.

mod clothes;
mod extras;
mod hair;
mod material;
mod outfit;

pub use clothes::{dress_arm, dress_leg, dress_trunk, skirt};
pub use extras::{accessories, headwear};
pub use hair::{HairStyle, grow};
pub use material::{Material, Pattern, linear, value_noise};
pub use outfit::{Bottom, Footwear, Headwear, Outfit, Top};
