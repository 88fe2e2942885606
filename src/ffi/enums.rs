//! The enumerations of the header. Where the host fills a field or an argument it is a plain integer, checked by
//! `engine_types`: an unknown value is an error, never undefined behaviour.

/// Bits of a task mask. A mask of 0 stands for every task that the loaded models have.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensTask {
    /// Keypoints of body, face, hands and feet: `sapiens_result_pose`.
    Pose = 1,
    /// Body parts and clothing: maps LABELS and CONFIDENCE.
    Seg = 2,
    /// Surface normals: map NORMALS.
    Normal = 4,
    /// Metric position of every pixel: map POINTS.
    Pointmap = 8,
    /// Colour without light and shadow: map ALBEDO.
    Albedo = 16,
    /// Coverage of the person: maps ALPHA and FOREGROUND.
    Matting = 32,
    /// Dense features of a pretrained backbone: maps FEATURES and TOKENS.
    Features = 64,
    /// Relative depth (Sapiens v1): map DEPTH.
    Depth = 128,
}

/// Order of the bytes of a pixel. 8 bits per channel.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensPixelFormat {
    /// R, G, B.
    Rgb8 = 1,
    /// B, G, R.
    Bgr8 = 2,
    /// R, G, B, A. Alpha is ignored.
    Rgba8 = 3,
    /// B, G, R, A. Alpha is ignored.
    Bgra8 = 4,
    /// One brightness.
    Gray8 = 5,
    /// A plane of Y (`data`), and one of interleaved U, V at half the width and height, rounded up (`chroma`).
    Nv12 = 6,
}

/// How Y, U, V become R, G, B. Must be chosen for NV12 and left 0 for every other format.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensColor {
    /// Not YUV.
    None = 0,
    /// ITU-R BT.601, Y in 16..235: standard-definition video, many webcams.
    Bt601Limited = 1,
    /// ITU-R BT.601, Y in 0..255: JPEG, Android cameras.
    Bt601Full = 2,
    /// ITU-R BT.709, Y in 16..235: high-definition video.
    Bt709Limited = 3,
    /// ITU-R BT.709, Y in 0..255.
    Bt709Full = 4,
}

/// Where memory lies.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensMemory {
    /// The processor's.
    Cpu = 0,
    /// That of a CUDA device. Reserved: `sapiens_stream_submit` answers UNSUPPORTED.
    Cuda = 1,
    /// A Vulkan buffer. Reserved, as above.
    Vulkan = 2,
    /// A Direct3D 12 resource. Reserved, as above.
    D3d12 = 3,
    /// A Metal buffer. Reserved, as above.
    Metal = 4,
}

/// What must be done to the buffer to see the picture upright; the values of EXIF's Orientation.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensOrientation {
    /// Nothing. 0 means the same.
    Normal = 1,
    /// Mirror left to right.
    FlipHorizontal = 2,
    /// Turn by half.
    Rotate180 = 3,
    /// Mirror top to bottom.
    FlipVertical = 4,
    /// Mirror left to right, then turn by 270 degrees clockwise.
    Transpose = 5,
    /// Turn by 90 degrees clockwise.
    Rotate90 = 6,
    /// Mirror left to right, then turn by 90 degrees clockwise.
    Transverse = 7,
    /// Turn by 270 degrees clockwise.
    Rotate270 = 8,
}

/// What happens when frames come faster than they are worked on, or results faster than they are fetched.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensPolicy {
    /// Nothing is dropped: `sapiens_stream_submit` waits for room up to its timeout, and the worker waits for results to be
    /// fetched. For files and recordings.
    Block = 0,
    /// The oldest waiting frame, or the oldest unfetched result, goes. For cameras.
    DropOldest = 1,
    /// At most one frame waits and at most one result is kept, the newest; `depth` is ignored. The least latency.
    LatestOnly = 2,
}

/// How results (and log messages) reach the host.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensDelivery {
    /// The host fetches them: `sapiens_stream_poll`. Log messages: as EVENTS.
    Poll = 0,
    /// The callback runs inside `sapiens_context_process_events`, on the thread that calls it: the game thread.
    Events = 1,
    /// The callback runs at once, on a thread of the library. It must be short, and must not call functions that wait for
    /// that thread; they answer WRONG_THREAD.
    Immediate = 2,
}

/// Grid on which dense maps are delivered.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensMapSpace {
    /// That of the network input: no resampling, the least time and memory. `image_from_map` says where each pixel lies.
    Model = 0,
    /// That of the image: one value per image pixel; labels by the nearest, other maps interpolated. Outside a person's
    /// crop: label 0, normals 0, points and depth NaN, alpha 0.
    Image = 1,
}

/// How an image is brought to the network.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensFraming {
    /// Per task as the model was trained: pose from a padded crop of each person box, other tasks from the whole image.
    Official = 0,
    /// Every task from a padded crop of each person box: small people get more pixels, and tasks of a bundle share a backbone.
    Crop = 1,
}

/// Where the heads of dense tasks run: less arithmetic, in proportion to the area. Outside, maps say that there is nothing: label,
/// confidence, normal, albedo and coverage 0, points and depth NaN. Poses and features are those of the whole picture.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensRegions {
    /// Everywhere.
    Whole = 0,
    /// Around the boxes of the people that are looked at, each 1.25 times its size; without boxes everywhere.
    Boxes = 1,
    /// Around everything that is not background in the segmentation of the same frame; on frames on which task SEG does not run,
    /// as BOXES.
    Seg = 2,
}

/// Whether the frames of a stream overlap: while the models run on one, the next is converted and brought to the device, and the maps
/// of the one before are decoded. Results are the same, and keep their order. Frames in work count as results to come: with a depth of
/// 2 two frames overlap, with 3 or more three.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensOverlap {
    /// Where the first device of the context is not the processor, and the policy is BLOCK.
    Auto = 0,
    /// Always; with another policy a frame that is taken ahead is not replaced by a newer one any more.
    On = 1,
    /// Never.
    Off = 2,
}

/// A dense map of a result.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensMapKind {
    /// SEG: U8 x 1, an index for `sapiens_set_class` of as many classes as `SapiensMap.classes` says.
    Labels = 0,
    /// SEG: F32 x 1, probability of the label, 0..1.
    Confidence = 1,
    /// NORMAL: F32 x 3, unit vectors in camera space (x right, y down, z forward); surfaces seen have z < 0; 0 where there is none.
    Normals = 2,
    /// POINTMAP: F32 x 3, metres in camera space (x right, y down, z forward); NaN where there is none.
    Points = 3,
    /// ALBEDO: F32 x 3, RGB 0..1.
    Albedo = 4,
    /// MATTING: F32 x 1, coverage 0..1.
    Alpha = 5,
    /// MATTING: F32 x 3, RGB 0..1, already multiplied by alpha.
    Foreground = 6,
    /// FEATURES: F32, one channel per feature, one pixel per patch of the network input; plane by plane.
    Features = 7,
    /// FEATURES: F32 x 1, one row per token (class token, storage tokens, patches row by row), one column per feature. The
    /// affine map has no meaning.
    Tokens = 8,
    /// The picture that was looked at: U8 x 3, RGB, upright; with `keep_image`, and only for SAPIENS_SCENE.
    Image = 9,
    /// DEPTH: F32 x 1, relative and without unit: about 0 at the nearest point of a person, about 1 at the farthest. Means
    /// nothing in the background; NaN where there is none.
    Depth = 10,
}

/// Type of a map's elements.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensElement {
    /// `uint8_t`
    U8 = 0,
    /// IEEE 754 half precision. Reserved: not delivered by this version.
    F16 = 1,
    /// `float`
    F32 = 2,
}

/// Element type of a model's weights and large products.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensPrecision {
    /// What the file says; 32-bit for a checkpoint.
    Default = 0,
    /// 32-bit floats.
    Fp32 = 1,
    /// 16-bit weights and products; sums that need it stay 32-bit.
    Fp16 = 2,
    /// As FP16, in bfloat16; devices "cuda:N" and "tensorrt:N" only.
    Bf16 = 3,
}

/// Urgency of a log message. Setting a level asks for it and all more urgent ones.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensLogLevel {
    /// None at all.
    Off = 0,
    /// Something asked for did not happen.
    Error = 1,
    /// It happened otherwise than one might think: another device than the first, dropped frames.
    Warning = 2,
    /// Models loaded and unloaded, where they run.
    Info = 3,
    /// Every frame.
    Debug = 4,
}

/// Bits of `SapiensSubmitOptions.flags`.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensSubmitFlags {
    /// The pixels are not copied: they stay valid and unchanged until `release` is called.
    Borrow = 1,
    /// Every task asked for runs on this frame, whatever its cadence and the budget say.
    IgnoreCadence = 2,
}

/// Part of the body a keypoint belongs to.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensKeypointGroup {
    /// The 17 keypoints of COCO's body, wrists included.
    Body = 0,
    /// Toes and heels.
    Foot = 1,
    /// The left hand without its wrist; in the set of 133 with a root of its own.
    LeftHand = 2,
    /// The right hand without its wrist; in the set of 133 with a root of its own.
    RightHand = 3,
    /// Elbow, shoulder and neck points beyond COCO's.
    Extra = 4,
    /// The dense face.
    Face = 5,
}

/// Whom the tasks of a stream look at, of the people it tracks.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensPersonPolicy {
    /// Everybody.
    All = 0,
    /// The `person_count` largest boxes, by area.
    Largest = 1,
    /// The `person_count` nearest to the camera, which is by the height of the box.
    Nearest = 2,
    /// The `person_count` whose boxes have their centre nearest to (`person_x`, `person_y`).
    NearestTo = 3,
}

/// Where the box of a person comes from.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensBoxOrigin {
    /// It is the whole image: nobody said where people are.
    Image = 0,
    /// It came with the frame.
    Host = 1,
    /// The detector found it in this frame.
    Detector = 2,
    /// It is around the keypoints found where the person was expected.
    Keypoints = 3,
    /// Nothing was found in this frame, or nobody looked: it is where the motion leads.
    Prediction = 4,
}

/// How sure it is that somebody is there.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensTrackState {
    /// The stream does not track.
    None = 0,
    /// New: seen once, which may have been an error.
    Tentative = 1,
    /// Seen often enough, and now (or not looked for now).
    Confirmed = 2,
    /// Looked for and not found: hidden or gone. Has no pose; keeps the id if it comes back.
    Lost = 3,
}

/// How a pointmap goes with the one before of the same person or scene.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SapiensAgreement {
    /// There is none before, or not in time.
    First = 0,
    /// The same body, at most at another scale.
    Agrees = 1,
    /// The same body at a scale so different that it was not blended.
    ScaleJump = 2,
    /// Another shape: a limb has flipped in depth, or it is somebody else.
    Disagrees = 3,
    /// Too few points lie in both to tell.
    TooFew = 4,
}
