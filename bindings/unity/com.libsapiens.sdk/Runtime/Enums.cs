// The enumerations of sapiens.h with their numbers; tests compare them with the header.
using System;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>What a call answers: 0 done, above 0 not done but no fault, below 0 a fault that sapiens_last_error
    /// explains.</summary>
    [NativeTwin("SapiensStatus")]
    public enum SapiensStatus
    {
        /// <summary>Done.</summary>
        Ok = 0,

        /// <summary>The time given is over and nothing has changed; call again.</summary>
        Timeout = 1,

        /// <summary>What was asked for is not in this result: the task did not run, or saw no such person.</summary>
        Absent = 2,

        /// <summary>An argument is out of its range; the message names it and what would be right.</summary>
        InvalidArgument = -1,

        /// <summary>The handle is not one of this kind that is alive: destroyed, released too often, or never made by this
        /// library.</summary>
        InvalidHandle = -2,

        /// <summary>A struct of another version of the header: struct_size or abi_version do not fit this library.</summary>
        AbiMismatch = -3,

        /// <summary>A file does not exist.</summary>
        NotFound = -4,

        /// <summary>Reading or writing a file failed.</summary>
        Io = -5,

        /// <summary>The bytes of a model contradict themselves, or the file changed while it was in use.</summary>
        CorruptModel = -6,

        /// <summary>The file is sound, but no model this library knows.</summary>
        UnknownModel = -7,

        /// <summary>The image is empty or too large.</summary>
        Image = -8,

        /// <summary>ONNX Runtime is missing, too old or damaged.</summary>
        Library = -9,

        /// <summary>No device of the list can be used.</summary>
        Device = -10,

        /// <summary>ONNX Runtime failed.</summary>
        Runtime = -11,

        /// <summary>A valid wish that this model or this version cannot fulfil.</summary>
        Unsupported = -12,

        /// <summary>Stopped by the host: a progress callback, sapiens_context_cancel_loads, sapiens_stream_cancel.</summary>
        Cancelled = -13,

        /// <summary>The stream or context is being destroyed or has been shut down.</summary>
        ShutDown = -14,

        /// <summary>Not from here: the call would wait for the callback it comes from.</summary>
        WrongThread = -15,

        /// <summary>A fault of the library itself. It was contained; please report the message.</summary>
        Internal = -16,
    }

    /// <summary>Bits of a task mask. A mask of 0 stands for every task that the loaded models have.</summary>
    [NativeTwin("SapiensTask")]
    [Flags]
    public enum SapiensTask : uint
    {
        /// <summary>In a mask: every task that the loaded models have.</summary>
        All = 0,

        /// <summary>Keypoints of body, face, hands and feet: sapiens_result_pose.</summary>
        Pose = 1,

        /// <summary>Body parts and clothing: maps LABELS and CONFIDENCE.</summary>
        Seg = 2,

        /// <summary>Surface normals: map NORMALS.</summary>
        Normal = 4,

        /// <summary>Metric position of every pixel: map POINTS.</summary>
        Pointmap = 8,

        /// <summary>Colour without light and shadow: map ALBEDO.</summary>
        Albedo = 16,

        /// <summary>Coverage of the person: maps ALPHA and FOREGROUND.</summary>
        Matting = 32,

        /// <summary>Dense features of a pretrained backbone: maps FEATURES and TOKENS.</summary>
        Features = 64,

        /// <summary>Relative depth (Sapiens v1): map DEPTH.</summary>
        Depth = 128,
    }

    /// <summary>What happens when frames come faster than they are worked on, or results faster than they are
    /// fetched.</summary>
    [NativeTwin("SapiensPolicy")]
    public enum SapiensPolicy
    {
        /// <summary>Nothing is dropped: sapiens_stream_submit waits for room up to its timeout, and the worker waits for
        /// results to be fetched. For files and recordings.</summary>
        Block = 0,

        /// <summary>The oldest waiting frame, or the oldest unfetched result, goes. For cameras.</summary>
        DropOldest = 1,

        /// <summary>At most one frame waits and at most one result is kept, the newest; depth is ignored. The least
        /// latency.</summary>
        LatestOnly = 2,
    }

    /// <summary>How results (and log messages) reach the host.</summary>
    [NativeTwin("SapiensDelivery")]
    public enum SapiensDelivery
    {
        /// <summary>The host fetches them: sapiens_stream_poll. Log messages: as EVENTS.</summary>
        Poll = 0,

        /// <summary>The callback runs inside sapiens_context_process_events, on the thread that calls it: the game
        /// thread.</summary>
        Events = 1,

        /// <summary>The callback runs at once, on a thread of the library. It must be short, and must not call functions that
        /// wait for that thread; they answer WRONG_THREAD.</summary>
        Immediate = 2,
    }

    /// <summary>Grid on which dense maps are delivered.</summary>
    [NativeTwin("SapiensMapSpace")]
    public enum SapiensMapSpace
    {
        /// <summary>That of the network input: no resampling, the least time and memory. image_from_map says where each pixel
        /// lies.</summary>
        Model = 0,

        /// <summary>That of the image: one value per image pixel; labels by the nearest, other maps interpolated. Outside a
        /// person's crop: label 0, normals 0, points NaN, alpha 0.</summary>
        Image = 1,
    }

    /// <summary>How an image is brought to the network.</summary>
    [NativeTwin("SapiensFraming")]
    public enum SapiensFraming
    {
        /// <summary>Per task as the model was trained: pose from a padded crop of each person box, other tasks from the whole
        /// image.</summary>
        Official = 0,

        /// <summary>Every task from a padded crop of each person box: small people get more pixels, and tasks of a bundle share
        /// a backbone.</summary>
        Crop = 1,
    }

    /// <summary>Where the heads of dense tasks run; elsewhere maps say that there is nothing.</summary>
    [NativeTwin("SapiensRegions")]
    public enum SapiensRegions
    {
        /// <summary>Everywhere.</summary>
        Whole = 0,

        /// <summary>Around the boxes of the people that are looked at, each 1.25 times its size; without boxes everywhere.</summary>
        Boxes = 1,

        /// <summary>Around everything that is not background in the segmentation of the same frame; on frames on which it does not run, as
        /// Boxes.</summary>
        Seg = 2,
    }

    /// <summary>Where pictures are brought to what a model sees.</summary>
    [NativeTwin("SapiensDeviceFraming")]
    public enum SapiensDeviceFraming
    {
        /// <summary>On the device of the model, unless that is the processor or cannot.</summary>
        Auto = 0,

        /// <summary>On the device of the model, also the processor; else loading fails.</summary>
        On = 1,

        /// <summary>On the host.</summary>
        Off = 2,
    }

    /// <summary>Whether the frames of a stream overlap: while the models run on one, the next is made ready, and the maps of the one before
    /// are decoded. Results are the same, and keep their order.</summary>
    [NativeTwin("SapiensOverlap")]
    public enum SapiensOverlap
    {
        /// <summary>Where the first device of the context is not the processor, and no frame is dropped.</summary>
        Auto = 0,

        /// <summary>Always; with another policy a frame that is taken ahead is not replaced by a newer one any more.</summary>
        On = 1,

        /// <summary>Never.</summary>
        Off = 2,
    }

    /// <summary>A dense map of a result.</summary>
    [NativeTwin("SapiensMapKind")]
    public enum SapiensMapKind
    {
        /// <summary>SEG: U8 x 1, an index for SapiensSkeleton.ClassesOf the number of classes.</summary>
        Labels = 0,

        /// <summary>SEG: F32 x 1, probability of the label, 0..1.</summary>
        Confidence = 1,

        /// <summary>NORMAL: F32 x 3, unit vectors in camera space (x right, y down, z forward); surfaces seen have z &lt; 0; 0
        /// where there is none.</summary>
        Normals = 2,

        /// <summary>POINTMAP: F32 x 3, metres in camera space (x right, y down, z forward); NaN where there is none.</summary>
        Points = 3,

        /// <summary>ALBEDO: F32 x 3, RGB 0..1.</summary>
        Albedo = 4,

        /// <summary>MATTING: F32 x 1, coverage 0..1.</summary>
        Alpha = 5,

        /// <summary>MATTING: F32 x 3, RGB 0..1, already multiplied by alpha.</summary>
        Foreground = 6,

        /// <summary>FEATURES: F32, one channel per feature, one pixel per patch of the network input; plane by plane.</summary>
        Features = 7,

        /// <summary>FEATURES: F32 x 1, one row per token (class token, storage tokens, patches row by row), one column per
        /// feature. The affine map has no meaning.</summary>
        Tokens = 8,

        /// <summary>The picture that was looked at: U8 x 3, RGB, upright; with keep_image, and only for
        /// SAPIENS_SCENE.</summary>
        Image = 9,

        /// <summary>DEPTH: F32 x 1, relative and without unit: about 0 at the nearest point of a person, about 1 at the farthest. Means
        /// nothing in the background; NaN where there is none.</summary>
        Depth = 10,
    }

    /// <summary>Type of a map's elements.</summary>
    [NativeTwin("SapiensElement")]
    public enum SapiensElement
    {
        /// <summary>uint8_t</summary>
        U8 = 0,

        /// <summary>IEEE 754 half precision. Reserved: not delivered by this version.</summary>
        F16 = 1,

        /// <summary>float</summary>
        F32 = 2,
    }

    /// <summary>Element type of a model's weights and large products.</summary>
    [NativeTwin("SapiensPrecision")]
    public enum SapiensPrecision
    {
        /// <summary>What the file says; 32-bit for a checkpoint.</summary>
        Default = 0,

        /// <summary>32-bit floats.</summary>
        Fp32 = 1,

        /// <summary>16-bit weights and products; sums that need it stay 32-bit.</summary>
        Fp16 = 2,
        /// <summary>As Fp16, in bfloat16; devices cuda:N and tensorrt:N only.</summary>
        Bf16 = 3,
    }

    /// <summary>Urgency of a log message. Setting a level asks for it and all more urgent ones.</summary>
    [NativeTwin("SapiensLogLevel")]
    public enum SapiensLogLevel
    {
        /// <summary>None at all.</summary>
        Off = 0,

        /// <summary>Something asked for did not happen.</summary>
        Error = 1,

        /// <summary>It happened otherwise than one might think: another device than the first, dropped frames.</summary>
        Warning = 2,

        /// <summary>Models loaded and unloaded, where they run.</summary>
        Info = 3,

        /// <summary>Every frame.</summary>
        Debug = 4,
    }

    /// <summary>Part of the body a keypoint belongs to.</summary>
    [NativeTwin("SapiensKeypointGroup")]
    public enum SapiensKeypointGroup
    {
        /// <summary>The 17 keypoints of COCO's body, wrists included.</summary>
        Body = 0, // SAPIENS_KEYPOINT_GROUP_BODY

        /// <summary>Toes and heels.</summary>
        Foot = 1, // SAPIENS_KEYPOINT_GROUP_FOOT

        /// <summary>The left hand without its wrist.</summary>
        LeftHand = 2, // SAPIENS_KEYPOINT_GROUP_LEFT_HAND

        /// <summary>The right hand without its wrist.</summary>
        RightHand = 3, // SAPIENS_KEYPOINT_GROUP_RIGHT_HAND

        /// <summary>Elbow, shoulder and neck points beyond COCO's.</summary>
        Extra = 4, // SAPIENS_KEYPOINT_GROUP_EXTRA

        /// <summary>The dense face.</summary>
        Face = 5, // SAPIENS_KEYPOINT_GROUP_FACE
    }
}
