//! Which clothes a person wears.

use super::hair::HairStyle;
use super::material::{Material, linear};
use crate::body::Shape;
use crate::random::Random;
use glam::Vec3;

/// Above the waist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// Short sleeves.
    TShirt,
    /// Long sleeves.
    LongSleeve,
    /// No sleeves.
    Tank,
    /// Ends above the belly.
    Crop,
    /// Thick, long, sometimes open over a shirt.
    Jacket,
    /// Knitted or hooded, thick, long sleeves.
    Hoodie,
    /// Nothing.
    None,
}

/// Below the waist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bottom {
    /// Close to the leg.
    Trousers,
    /// Wide.
    WideTrousers,
    /// Above the knee.
    Shorts,
    /// To about the knee.
    Skirt,
    /// To the shin.
    LongSkirt,
}

/// On the feet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Footwear {
    /// Shoes.
    Shoes,
    /// Boots.
    Boots,
    /// Socks only.
    Socks,
    /// Nothing.
    Bare,
}

/// On the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headwear {
    /// Nothing.
    None,
    /// Cap with a peak.
    Cap,
    /// Knitted hat.
    Beanie,
    /// Hat with a brim.
    Brim,
    /// Hair band.
    Band,
    /// Headphones.
    Headphones,
    /// Helmet.
    Helmet,
}

/// Everything a person wears; drawn once, so that a person looks the same in every frame.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Outfit {
    pub top: Top,
    pub bottom: Bottom,
    /// Top and skirt are one piece.
    pub dress: bool,
    pub footwear: Footwear,
    pub headwear: Headwear,
    pub hair: HairStyle,
    pub glasses: Option<Material>,
    /// Opaque glasses.
    pub dark_lenses: bool,
    pub tie: bool,
    pub backpack: bool,
    pub belt: bool,
    pub scarf: bool,
    pub watch: Option<f32>,
    pub open_jacket: bool,
    pub tucked: bool,
    /// Of cloth above the skin, in metres for a person of scale 1.
    pub upper_thickness: f32,
    pub lower_thickness: f32,
    /// Height of the folds.
    pub folds: f32,
    /// Share of the upper arm that a short sleeve covers.
    pub short_sleeve: f32,
    /// Share of the lower arm that a long one covers.
    pub long_sleeve: f32,
    /// How much wider than the arm.
    pub sleeve_width: f32,
    /// Below the waist, where an untucked top ends.
    pub hem: f32,
    /// Share of the thigh or of the shin that is covered.
    pub leg_length: f32,
    /// Width of a skirt's hem.
    pub flare: f32,
    /// Share of the shin that socks cover; 0 for none.
    pub socks: f32,
    /// Soles of another colour.
    pub contrast_sole: bool,
    pub upper: Material,
    pub lower: Material,
    pub sock: Material,
    pub shoe: Material,
    pub extra: Material,
    pub hat: Material,
}

impl Outfit {
    /// Something to wear.
    pub fn random(shape: &Shape, random: &mut Random) -> Self {
        let r = random;
        let feminine = shape.feminine;
        let top = r.weighted(&[
            (Top::TShirt, 0.38),
            (Top::LongSleeve, 0.27),
            (Top::Tank, 0.1),
            (Top::Crop, 0.04),
            (Top::Jacket, 0.1),
            (Top::Hoodie, 0.07),
            (Top::None, 0.04),
        ]);
        let mut bottom = r.weighted(&[
            (Bottom::Trousers, 0.48),
            (Bottom::WideTrousers, 0.14),
            (Bottom::Shorts, 0.23),
            (Bottom::Skirt, 0.1),
            (Bottom::LongSkirt, 0.05),
        ]);
        let is_skirt = |b| matches!(b, Bottom::Skirt | Bottom::LongSkirt);
        if is_skirt(bottom) && feminine < 0.4 && r.chance(0.85) {
            bottom = Bottom::Trousers;
        }
        let dress = feminine > 0.6 && !matches!(top, Top::None | Top::Crop | Top::Jacket) && r.chance(0.2);
        if dress && !is_skirt(bottom) {
            bottom = r.pick(&[Bottom::Skirt, Bottom::Skirt, Bottom::LongSkirt]);
        }
        let thick = matches!(top, Top::Jacket | Top::Hoodie);
        let footwear = r.weighted(&[
            (Footwear::Shoes, 0.7),
            (Footwear::Boots, 0.13),
            (Footwear::Socks, 0.07),
            (Footwear::Bare, 0.1),
        ]);
        let headwear = r.weighted(&[
            (Headwear::None, 0.84),
            (Headwear::Cap, 0.05),
            (Headwear::Beanie, 0.035),
            (Headwear::Brim, 0.025),
            (Headwear::Band, 0.015),
            (Headwear::Headphones, 0.02),
            (Headwear::Helmet, 0.015),
        ]);
        let gray = r.uniform(0.02, 0.25);
        let frame = if r.chance(0.8) { Vec3::splat(gray) } else { r.color() };
        let glasses = r.chance(0.16).then(|| Material::plain(frame, 0.25, 0.0));
        Self {
            top,
            bottom,
            dress,
            footwear,
            headwear,
            hair: HairStyle::random(shape, r),
            dark_lenses: r.chance(0.35),
            glasses,
            tie: !thick && r.chance(0.05),
            backpack: r.chance(0.05),
            belt: r.chance(0.12),
            scarf: r.chance(0.05),
            watch: r.chance(0.15).then(|| r.uniform(0.9, 1.1)),
            open_jacket: r.chance(0.5),
            tucked: r.chance(0.45),
            upper_thickness: if thick { r.uniform(0.016, 0.032) } else { r.uniform(0.008, 0.016) },
            lower_thickness: r.uniform(0.006, 0.014),
            folds: r.uniform(0.0, 0.0045),
            short_sleeve: r.uniform(0.35, 0.95),
            long_sleeve: if r.chance(0.2) { r.uniform(0.2, 0.7) } else { r.uniform(0.8, 1.0) },
            sleeve_width: r.uniform(1.05, 1.35),
            hem: if thick { -0.16 } else { r.uniform(-0.14, -0.02) },
            leg_length: r.uniform(0.4, 1.0),
            flare: r.uniform(0.15, 0.25),
            socks: r.weighted(&[(0.0, 0.45), (0.35, 0.4), (0.8, 0.15)]),
            contrast_sole: r.chance(0.5),
            upper: Material::cloth(r),
            lower: Material::cloth(r),
            sock: Material::cloth(r),
            shoe: {
                let color = linear(r.color());
                Material { color, second: color, gloss: r.uniform(0.02, 0.3), ..Material::plain(color, 0.0, 0.05) }
            },
            extra: Material::cloth(r),
            hat: Material::cloth(r),
        }
    }
}
