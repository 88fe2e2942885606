/*
 * libsapiens: keypoints, body parts, normals, points, albedo and matte of people in images.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * One page about everything below
 *
 * Status     Every function that can fail returns a SapiensStatus: 0 done, above 0 not done but no fault (TIMEOUT,
 *            ABSENT), below 0 a fault, which sapiens_last_error() explains on the same thread. Outputs come last and are
 *            written only with OK.
 * Handles    SapiensContext, SapiensStream and SapiensResult are opaque. The library never follows the pointer: a handle
 *            that was destroyed or is none answers INVALID_HANDLE, NULL INVALID_ARGUMENT. _destroy and _release set it to NULL; twice is safe.
 * Structs    Begin with struct_size: start from the _INIT macro (or _default function). Programs compiled with an older
 *            or a newer header of the same SAPIENS_ABI_VERSION work.
 * Threads    Every function may be called from any thread at any time, unless it says otherwise.
 * Callbacks  Carry user_data. With delivery EVENTS they run inside sapiens_context_process_events only; with IMMEDIATE on
 *            a thread of the library. They must not throw or longjmp through the library.
 * Memory     What the library gives belongs to it, and says how long it is valid. What the host gives is copied, except
 *            pixels submitted with SAPIENS_SUBMIT_FLAGS_BORROW. Streams and events of CUDA are passed on to its driver, which
 *            does not check them.
 * Text       UTF-8, ends in zero.
 * Units      Pixels: x right, y down, centres at integers, in the upright image. Camera space: metres, x right, y down,
 *            z forward. Times: nanoseconds in, milliseconds where a name says ms.
 *
 *     SapiensContext *context = NULL;
 *     SapiensStream *stream = NULL;
 *     SapiensResult *result = NULL;
 *     sapiens_context_create(NULL, &context);
 *     sapiens_context_load(context, NULL, NULL, NULL);              // the demo model; or a path
 *     sapiens_stream_create(context, NULL, &stream);
 *     sapiens_stream_submit(stream, &image, NULL, 0, NULL);         // 0: do not wait for room
 *     if (sapiens_stream_poll(stream, 33, &result) == SAPIENS_STATUS_OK) {
 *         SapiensPose pose = SAPIENS_POSE_INIT;
 *         sapiens_result_pose(result, 0, &pose);                    // person 0
 *         sapiens_result_release(&result);
 *     }
 *     sapiens_context_destroy(&context);                            // and its streams
 */


#ifndef SAPIENS_H
#define SAPIENS_H

/* Generated from src/ffi by cbindgen. Do not edit: change the source, then SAPIENS_UPDATE=1 cargo test --test header */

#include <stddef.h>
#include <stdint.h>
#if defined(_WIN32) && defined(SAPIENS_SHARED)
#define SAPIENS_API __declspec(dllimport)
#else
#define SAPIENS_API
#endif


/// Major version of the header.
#define SAPIENS_VERSION_MAJOR 0

/// Minor version of the header.
#define SAPIENS_VERSION_MINOR 1

/// Patch version of the header.
#define SAPIENS_VERSION_PATCH 0

/// Version of the binary interface, in the name of the shared library (`libsapiens.so.1`). It grows when a program compiled
/// against an earlier header would break; new functions and new fields at the end of structs do not change it.
#define SAPIENS_ABI_VERSION 1

/// For timeouts: wait as long as it takes.
#define SAPIENS_WAIT_FOREVER UINT32_MAX

/// For `sapiens_stream_cancel`: every frame.
#define SAPIENS_ALL_FRAMES 0

/// In place of a person's index: the maps of the whole image.
#define SAPIENS_SCENE -1

/// What a call answers: 0 done, above 0 not done but no fault, below 0 a fault that `sapiens_last_error` explains.
enum SapiensStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Done.
    SAPIENS_STATUS_OK = 0,
    /// The time given is over and nothing has changed; call again.
    SAPIENS_STATUS_TIMEOUT = 1,
    /// What was asked for is not in this result: the task did not run, or saw no such person.
    SAPIENS_STATUS_ABSENT = 2,
    /// An argument is out of its range; the message names it and what would be right.
    SAPIENS_STATUS_INVALID_ARGUMENT = -1,
    /// The handle is not one of this kind that is alive: destroyed, released too often, or never made by this library.
    SAPIENS_STATUS_INVALID_HANDLE = -2,
    /// A struct of another version of the header: `struct_size` or `abi_version` do not fit this library.
    SAPIENS_STATUS_ABI_MISMATCH = -3,
    /// A file does not exist.
    SAPIENS_STATUS_NOT_FOUND = -4,
    /// Reading or writing a file failed.
    SAPIENS_STATUS_IO = -5,
    /// The bytes of a model contradict themselves, or the file changed while it was in use.
    SAPIENS_STATUS_CORRUPT_MODEL = -6,
    /// The file is sound, but no model this library knows.
    SAPIENS_STATUS_UNKNOWN_MODEL = -7,
    /// The image is empty or too large.
    SAPIENS_STATUS_IMAGE = -8,
    /// ONNX Runtime is missing, too old or damaged.
    SAPIENS_STATUS_LIBRARY = -9,
    /// No device of the list can be used.
    SAPIENS_STATUS_DEVICE = -10,
    /// ONNX Runtime failed.
    SAPIENS_STATUS_RUNTIME = -11,
    /// A valid wish that this model or this version cannot fulfil.
    SAPIENS_STATUS_UNSUPPORTED = -12,
    /// Stopped by the host: a progress callback, `sapiens_context_cancel_loads`, `sapiens_stream_cancel`.
    SAPIENS_STATUS_CANCELLED = -13,
    /// The stream or context is being destroyed or has been shut down.
    SAPIENS_STATUS_SHUT_DOWN = -14,
    /// Not from here: the call would wait for the callback it comes from.
    SAPIENS_STATUS_WRONG_THREAD = -15,
    /// A fault of the library itself. It was contained; please report the message.
    SAPIENS_STATUS_INTERNAL = -16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensStatus SapiensStatus;
#else
typedef int32_t SapiensStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Bits of a task mask. A mask of 0 stands for every task that the loaded models have.
enum SapiensTask
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Keypoints of body, face, hands and feet: `sapiens_result_pose`.
    SAPIENS_TASK_POSE = 1,
    /// Body parts and clothing: maps LABELS and CONFIDENCE.
    SAPIENS_TASK_SEG = 2,
    /// Surface normals: map NORMALS.
    SAPIENS_TASK_NORMAL = 4,
    /// Metric position of every pixel: map POINTS.
    SAPIENS_TASK_POINTMAP = 8,
    /// Colour without light and shadow: map ALBEDO.
    SAPIENS_TASK_ALBEDO = 16,
    /// Coverage of the person: maps ALPHA and FOREGROUND.
    SAPIENS_TASK_MATTING = 32,
    /// Dense features of a pretrained backbone: maps FEATURES and TOKENS.
    SAPIENS_TASK_FEATURES = 64,
    /// Relative depth (Sapiens v1): map DEPTH.
    SAPIENS_TASK_DEPTH = 128,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensTask SapiensTask;
#else
typedef uint32_t SapiensTask;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Order of the bytes of a pixel. 8 bits per channel.
enum SapiensPixelFormat
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// R, G, B.
    SAPIENS_PIXEL_FORMAT_RGB8 = 1,
    /// B, G, R.
    SAPIENS_PIXEL_FORMAT_BGR8 = 2,
    /// R, G, B, A. Alpha is ignored.
    SAPIENS_PIXEL_FORMAT_RGBA8 = 3,
    /// B, G, R, A. Alpha is ignored.
    SAPIENS_PIXEL_FORMAT_BGRA8 = 4,
    /// One brightness.
    SAPIENS_PIXEL_FORMAT_GRAY8 = 5,
    /// A plane of Y (`data`), and one of interleaved U, V at half the width and height, rounded up (`chroma`).
    SAPIENS_PIXEL_FORMAT_NV12 = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensPixelFormat SapiensPixelFormat;
#else
typedef int32_t SapiensPixelFormat;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// How Y, U, V become R, G, B. Must be chosen for NV12 and left 0 for every other format.
enum SapiensColor
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Not YUV.
    SAPIENS_COLOR_NONE = 0,
    /// ITU-R BT.601, Y in 16..235: standard-definition video, many webcams.
    SAPIENS_COLOR_BT601_LIMITED = 1,
    /// ITU-R BT.601, Y in 0..255: JPEG, Android cameras.
    SAPIENS_COLOR_BT601_FULL = 2,
    /// ITU-R BT.709, Y in 16..235: high-definition video.
    SAPIENS_COLOR_BT709_LIMITED = 3,
    /// ITU-R BT.709, Y in 0..255.
    SAPIENS_COLOR_BT709_FULL = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensColor SapiensColor;
#else
typedef int32_t SapiensColor;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Where memory lies.
enum SapiensMemory
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// The processor's.
    SAPIENS_MEMORY_CPU = 0,
    /// That of a CUDA device: a CUdeviceptr of device or managed memory. Which device it is the driver tells.
    SAPIENS_MEMORY_CUDA = 1,
    /// A Vulkan buffer. Reserved: calls answer UNSUPPORTED.
    SAPIENS_MEMORY_VULKAN = 2,
    /// A Direct3D 12 resource. Reserved, as above.
    SAPIENS_MEMORY_D3D12 = 3,
    /// A Metal buffer. Reserved, as above.
    SAPIENS_MEMORY_METAL = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensMemory SapiensMemory;
#else
typedef int32_t SapiensMemory;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// What must be done to the buffer to see the picture upright; the values of EXIF's Orientation.
enum SapiensOrientation
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Nothing. 0 means the same.
    SAPIENS_ORIENTATION_NORMAL = 1,
    /// Mirror left to right.
    SAPIENS_ORIENTATION_FLIP_HORIZONTAL = 2,
    /// Turn by half.
    SAPIENS_ORIENTATION_ROTATE180 = 3,
    /// Mirror top to bottom.
    SAPIENS_ORIENTATION_FLIP_VERTICAL = 4,
    /// Mirror left to right, then turn by 270 degrees clockwise.
    SAPIENS_ORIENTATION_TRANSPOSE = 5,
    /// Turn by 90 degrees clockwise.
    SAPIENS_ORIENTATION_ROTATE90 = 6,
    /// Mirror left to right, then turn by 90 degrees clockwise.
    SAPIENS_ORIENTATION_TRANSVERSE = 7,
    /// Turn by 270 degrees clockwise.
    SAPIENS_ORIENTATION_ROTATE270 = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensOrientation SapiensOrientation;
#else
typedef int32_t SapiensOrientation;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// What happens when frames come faster than they are worked on, or results faster than they are fetched.
enum SapiensPolicy
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Nothing is dropped: `sapiens_stream_submit` waits for room up to its timeout, and the worker waits for results to be
    /// fetched. For files and recordings.
    SAPIENS_POLICY_BLOCK = 0,
    /// The oldest waiting frame, or the oldest unfetched result, goes. For cameras.
    SAPIENS_POLICY_DROP_OLDEST = 1,
    /// At most one frame waits and at most one result is kept, the newest; `depth` is ignored. The least latency.
    SAPIENS_POLICY_LATEST_ONLY = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensPolicy SapiensPolicy;
#else
typedef int32_t SapiensPolicy;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// How results (and log messages) reach the host.
enum SapiensDelivery
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// The host fetches them: `sapiens_stream_poll`. Log messages: as EVENTS.
    SAPIENS_DELIVERY_POLL = 0,
    /// The callback runs inside `sapiens_context_process_events`, on the thread that calls it: the game thread.
    SAPIENS_DELIVERY_EVENTS = 1,
    /// The callback runs at once, on a thread of the library. It must be short, and must not call functions that wait for
    /// that thread; they answer WRONG_THREAD.
    SAPIENS_DELIVERY_IMMEDIATE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensDelivery SapiensDelivery;
#else
typedef int32_t SapiensDelivery;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Grid on which dense maps are delivered.
enum SapiensMapSpace
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// That of the network input: no resampling, the least time and memory. `image_from_map` says where each pixel lies.
    SAPIENS_MAP_SPACE_MODEL = 0,
    /// That of the image: one value per image pixel; labels by the nearest, other maps interpolated. Outside a person's
    /// crop: label 0, normals 0, points and depth NaN, alpha 0.
    SAPIENS_MAP_SPACE_IMAGE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensMapSpace SapiensMapSpace;
#else
typedef int32_t SapiensMapSpace;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// How an image is brought to the network.
enum SapiensFraming
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Per task as the model was trained: pose from a padded crop of each person box, other tasks from the whole image.
    SAPIENS_FRAMING_OFFICIAL = 0,
    /// Every task from a padded crop of each person box: small people get more pixels, and tasks of a bundle share a backbone.
    SAPIENS_FRAMING_CROP = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensFraming SapiensFraming;
#else
typedef int32_t SapiensFraming;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Where the heads of dense tasks run: less arithmetic, in proportion to the area. Outside, maps say that there is nothing: label,
/// confidence, normal, albedo and coverage 0, points and depth NaN. Poses and features are those of the whole picture.
enum SapiensRegions
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Everywhere.
    SAPIENS_REGIONS_WHOLE = 0,
    /// Around the boxes of the people that are looked at, each 1.25 times its size; without boxes everywhere.
    SAPIENS_REGIONS_BOXES = 1,
    /// Around everything that is not background in the segmentation of the same frame; on frames on which task SEG does not run,
    /// as BOXES.
    SAPIENS_REGIONS_SEG = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensRegions SapiensRegions;
#else
typedef int32_t SapiensRegions;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Where pictures are brought to what a model sees.
enum SapiensDeviceFraming
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// On the device of the model, unless that is the processor or cannot: `SapiensModelInfo.frames_on_device`.
    SAPIENS_DEVICE_FRAMING_AUTO = 0,
    /// On the device of the model, also the processor; else loading fails.
    SAPIENS_DEVICE_FRAMING_ON = 1,
    /// On the host.
    SAPIENS_DEVICE_FRAMING_OFF = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensDeviceFraming SapiensDeviceFraming;
#else
typedef int32_t SapiensDeviceFraming;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Whether the frames of a stream overlap: while the models run on one, the next is converted and brought to the device, and the maps
/// of the one before are decoded. Results are the same, and keep their order. Frames in work count as results to come: with a depth of
/// 2 two frames overlap, with 3 or more three.
enum SapiensOverlap
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Where the first device of the context is not the processor, and the policy is BLOCK.
    SAPIENS_OVERLAP_AUTO = 0,
    /// Always; with another policy a frame that is taken ahead is not replaced by a newer one any more.
    SAPIENS_OVERLAP_ON = 1,
    /// Never.
    SAPIENS_OVERLAP_OFF = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensOverlap SapiensOverlap;
#else
typedef int32_t SapiensOverlap;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// A dense map of a result.
enum SapiensMapKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// SEG: U8 x 1, an index for `sapiens_set_class` of as many classes as `SapiensMap.classes` says.
    SAPIENS_MAP_KIND_LABELS = 0,
    /// SEG: F32 x 1, probability of the label, 0..1.
    SAPIENS_MAP_KIND_CONFIDENCE = 1,
    /// NORMAL: F32 x 3, unit vectors in camera space (x right, y down, z forward); surfaces seen have z < 0; 0 where there is none.
    SAPIENS_MAP_KIND_NORMALS = 2,
    /// POINTMAP: F32 x 3, metres in camera space (x right, y down, z forward); NaN where there is none.
    SAPIENS_MAP_KIND_POINTS = 3,
    /// ALBEDO: F32 x 3, RGB 0..1.
    SAPIENS_MAP_KIND_ALBEDO = 4,
    /// MATTING: F32 x 1, coverage 0..1.
    SAPIENS_MAP_KIND_ALPHA = 5,
    /// MATTING: F32 x 3, RGB 0..1, already multiplied by alpha.
    SAPIENS_MAP_KIND_FOREGROUND = 6,
    /// FEATURES: F32, one channel per feature, one pixel per patch of the network input; plane by plane.
    SAPIENS_MAP_KIND_FEATURES = 7,
    /// FEATURES: F32 x 1, one row per token (class token, storage tokens, patches row by row), one column per feature. The
    /// affine map has no meaning.
    SAPIENS_MAP_KIND_TOKENS = 8,
    /// The picture that was looked at: U8 x 3, RGB, upright; with `keep_image`, and only for SAPIENS_SCENE.
    SAPIENS_MAP_KIND_IMAGE = 9,
    /// DEPTH: F32 x 1, relative and without unit: about 0 at the nearest point of a person, about 1 at the farthest. Means
    /// nothing in the background; NaN where there is none.
    SAPIENS_MAP_KIND_DEPTH = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensMapKind SapiensMapKind;
#else
typedef int32_t SapiensMapKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Type of a map's elements.
enum SapiensElement
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// `uint8_t`
    SAPIENS_ELEMENT_U8 = 0,
    /// IEEE 754 half precision. Reserved: not delivered by this version.
    SAPIENS_ELEMENT_F16 = 1,
    /// `float`
    SAPIENS_ELEMENT_F32 = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensElement SapiensElement;
#else
typedef int32_t SapiensElement;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Element type of a model's weights and large products.
enum SapiensPrecision
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// What the file says; 32-bit for a checkpoint.
    SAPIENS_PRECISION_DEFAULT = 0,
    /// 32-bit floats.
    SAPIENS_PRECISION_FP32 = 1,
    /// 16-bit weights and products; sums that need it stay 32-bit.
    SAPIENS_PRECISION_FP16 = 2,
    /// As FP16, in bfloat16; devices "cuda:N" and "tensorrt:N" only.
    SAPIENS_PRECISION_BF16 = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensPrecision SapiensPrecision;
#else
typedef int32_t SapiensPrecision;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Urgency of a log message. Setting a level asks for it and all more urgent ones.
enum SapiensLogLevel
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// None at all.
    SAPIENS_LOG_LEVEL_OFF = 0,
    /// Something asked for did not happen.
    SAPIENS_LOG_LEVEL_ERROR = 1,
    /// It happened otherwise than one might think: another device than the first, dropped frames.
    SAPIENS_LOG_LEVEL_WARNING = 2,
    /// Models loaded and unloaded, where they run.
    SAPIENS_LOG_LEVEL_INFO = 3,
    /// Every frame.
    SAPIENS_LOG_LEVEL_DEBUG = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensLogLevel SapiensLogLevel;
#else
typedef int32_t SapiensLogLevel;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Bits of `SapiensSubmitOptions.flags`.
enum SapiensSubmitFlags
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// The pixels are not copied: they stay valid and unchanged until `release` is called.
    SAPIENS_SUBMIT_FLAGS_BORROW = 1,
    /// Every task asked for runs on this frame, whatever its cadence and the budget say.
    SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensSubmitFlags SapiensSubmitFlags;
#else
typedef uint32_t SapiensSubmitFlags;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Part of the body a keypoint belongs to.
enum SapiensKeypointGroup
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// The 17 keypoints of COCO's body, wrists included.
    SAPIENS_KEYPOINT_GROUP_BODY = 0,
    /// Toes and heels.
    SAPIENS_KEYPOINT_GROUP_FOOT = 1,
    /// The left hand without its wrist; in the set of 133 with a root of its own.
    SAPIENS_KEYPOINT_GROUP_LEFT_HAND = 2,
    /// The right hand without its wrist; in the set of 133 with a root of its own.
    SAPIENS_KEYPOINT_GROUP_RIGHT_HAND = 3,
    /// Elbow, shoulder and neck points beyond COCO's.
    SAPIENS_KEYPOINT_GROUP_EXTRA = 4,
    /// The dense face.
    SAPIENS_KEYPOINT_GROUP_FACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensKeypointGroup SapiensKeypointGroup;
#else
typedef int32_t SapiensKeypointGroup;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Whom the tasks of a stream look at, of the people it tracks.
enum SapiensPersonPolicy
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// Everybody.
    SAPIENS_PERSON_POLICY_ALL = 0,
    /// The `person_count` largest boxes, by area.
    SAPIENS_PERSON_POLICY_LARGEST = 1,
    /// The `person_count` nearest to the camera, which is by the height of the box.
    SAPIENS_PERSON_POLICY_NEAREST = 2,
    /// The `person_count` whose boxes have their centre nearest to (`person_x`, `person_y`).
    SAPIENS_PERSON_POLICY_NEAREST_TO = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensPersonPolicy SapiensPersonPolicy;
#else
typedef int32_t SapiensPersonPolicy;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// Where the box of a person comes from.
enum SapiensBoxOrigin
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// It is the whole image: nobody said where people are.
    SAPIENS_BOX_ORIGIN_IMAGE = 0,
    /// It came with the frame.
    SAPIENS_BOX_ORIGIN_HOST = 1,
    /// The detector found it in this frame.
    SAPIENS_BOX_ORIGIN_DETECTOR = 2,
    /// It is around the keypoints found where the person was expected.
    SAPIENS_BOX_ORIGIN_KEYPOINTS = 3,
    /// Nothing was found in this frame, or nobody looked: it is where the motion leads.
    SAPIENS_BOX_ORIGIN_PREDICTION = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensBoxOrigin SapiensBoxOrigin;
#else
typedef int32_t SapiensBoxOrigin;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// How sure it is that somebody is there.
enum SapiensTrackState
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// The stream does not track.
    SAPIENS_TRACK_STATE_NONE = 0,
    /// New: seen once, which may have been an error.
    SAPIENS_TRACK_STATE_TENTATIVE = 1,
    /// Seen often enough, and now (or not looked for now).
    SAPIENS_TRACK_STATE_CONFIRMED = 2,
    /// Looked for and not found: hidden or gone. Has no pose; keeps the id if it comes back.
    SAPIENS_TRACK_STATE_LOST = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensTrackState SapiensTrackState;
#else
typedef int32_t SapiensTrackState;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// How a pointmap goes with the one before of the same person or scene.
enum SapiensAgreement
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /// There is none before, or not in time.
    SAPIENS_AGREEMENT_FIRST = 0,
    /// The same body, at most at another scale.
    SAPIENS_AGREEMENT_AGREES = 1,
    /// The same body at a scale so different that it was not blended.
    SAPIENS_AGREEMENT_SCALE_JUMP = 2,
    /// Another shape: a limb has flipped in depth, or it is somebody else.
    SAPIENS_AGREEMENT_DISAGREES = 3,
    /// Too few points lie in both to tell.
    SAPIENS_AGREEMENT_TOO_FEW = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum SapiensAgreement SapiensAgreement;
#else
typedef int32_t SapiensAgreement;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/// A device, the loaded models, and the threads that work on them. Opaque; made by `sapiens_context_create`, freed by
/// `sapiens_context_destroy`. Every function that takes it may be called from any thread, at the same time.
typedef struct SapiensContext SapiensContext;

/// Everything about one frame. Opaque, never changes, counts its references: `sapiens_result_retain` adds one,
/// `sapiens_result_release` takes one away and frees it with the last. Any thread may read it. It outlives its stream, its
/// context and `sapiens_shutdown_all`. Pointers read from it are valid until its last reference is released.
typedef struct SapiensResult SapiensResult;

/// One camera or clip: its frames in order, its queue. Opaque; made by `sapiens_stream_create`, freed by
/// `sapiens_stream_destroy` or with its context. Every function that takes it may be called from any thread; frames that
/// several threads submit at the same time are taken in an order of the library's choice.
typedef struct SapiensStream SapiensStream;

/// A keypoint of an official set. Begin with SAPIENS_KEYPOINT_INFO_INIT.
typedef struct SapiensKeypointInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Which keypoint it becomes in the mirrored image; itself on the plane of symmetry.
    uint32_t flip;
    /// Its name; left and right are those of the person. Valid for ever.
    const char *name;
    /// The `SapiensKeypointGroup` it belongs to.
    int32_t group;
    /// Standard deviation of the annotation relative to the size of the person (the constants of COCO's OKS).
    float sigma;
    /// R, G, B to draw it with.
    uint8_t color[3];
    /// 0.
    uint8_t reserved[5];
} SapiensKeypointInfo;

/// A line to draw between two keypoints. Begin with SAPIENS_LINK_INFO_INIT.
typedef struct SapiensLinkInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Index of the keypoint it starts at.
    uint32_t from;
    /// Index of the keypoint it ends at.
    uint32_t to;
    /// R, G, B to draw it with.
    uint8_t color[3];
    /// 0.
    uint8_t reserved;
} SapiensLinkInfo;

/// A class of the segmentation: its index is the value of map LABELS, 0 the background. Begin with SAPIENS_CLASS_INFO_INIT.
typedef struct SapiensClassInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// The class it becomes in the mirrored image.
    uint32_t flip;
    /// Its name; left and right are those of the person. Valid for ever.
    const char *name;
    /// R, G, B of the palette.
    uint8_t color[3];
    /// 0.
    uint8_t reserved[5];
} SapiensClassInfo;

/// Gets a log message, UTF-8 without a line feed, valid during the call. `level` is a `SapiensLogLevel`. With delivery IMMEDIATE it
/// runs on any thread, several at once, and must not call the library.
typedef void (*SapiensLogCallback)(void *user_data, int32_t level, const char *message);

/// How a context is made. Begin with SAPIENS_CONTEXT_OPTIONS_INIT.
typedef struct SapiensContextOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// SAPIENS_ABI_VERSION of the caller's header.
    uint32_t abi_version;
    /// Path of the ONNX Runtime library, UTF-8; NULL: the environment variable SAPIENS_ORT, then beside libsapiens and beside
    /// the program. A process has one: the first one opened.
    const char *onnxruntime_path;
    /// Devices in order of preference, separated by commas: "cpu", "webgpu", "cuda:N", "tensorrt:N", "openvino:cpu",
    /// "openvino:cpu-bf16", "openvino:gpu", "openvino:gpu-fp16", "openvino:npu", "directml:N", "coreml". NULL: "cpu". Only what is
    /// listed is used, the first that works.
    const char *devices;
    /// Threads a run uses on the processor; 0: one per physical core.
    uint32_t threads;
    /// 1: weights of converted graphs stay mapped from their file: little memory, a slightly slower run.
    uint32_t low_memory;
    /// 1: results are averaged with those of the mirrored picture: a little more accurate, twice the time.
    uint32_t flip_test;
    /// A `SapiensLogLevel`; messages up to it are given to `log_callback`.
    int32_t log_level;
    /// A `SapiensDelivery` for log messages.
    int32_t log_delivery;
    /// 0.
    uint32_t reserved;
    /// Gets log messages; NULL: nothing is logged. Called until the context is destroyed, never after.
    SapiensLogCallback log_callback;
    /// Given to `log_callback`.
    void *user_data;
    /// A folder that keeps converted checkpoints and what devices compile, for the next load; it is made if it is not there, and
    /// may be shared by processes. "tensorrt:N" runs only models that `sapiens prebuild` has built into it. UTF-8; NULL: nothing is
    /// kept.
    const char *cache_folder;
    /// Bytes that models may take together on their device, the detector included; 0: no limit. Those over it are evicted, the one asked
    /// for longest ago first and POSE last, and come back when a frame wants their tasks: `SapiensModelInfo.is_loaded`.
    uint64_t memory_budget;
} SapiensContextOptions;

/// Told how far a load is, on the thread that loads: `done` of `total` bytes of a stage: "hash"
/// (the checkpoint is read once) or "weights" (they are converted). Answer 0 to go on; anything else stops the load with CANCELLED.
typedef int32_t (*SapiensProgressCallback)(void *user_data, const char *stage, uint64_t done, uint64_t total);

/// How a model is loaded. Begin with SAPIENS_LOAD_OPTIONS_INIT.
typedef struct SapiensLoadOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// `SapiensTask` bits to load of a model with several; 0: all.
    uint32_t tasks;
    /// A `SapiensPrecision`, for checkpoints; a converted graph has its own.
    int32_t precision;
    /// Input size in pixels, for checkpoints; both 0: the model's own. Multiples of 16.
    uint32_t input_width;
    /// See `input_width`.
    uint32_t input_height;
    /// 1: heads of dense tasks can run for a part of the picture (`SapiensStreamOptions.regions`). Not with `winograd_bytes`, whose
    /// convolutions have fixed sizes.
    uint32_t regions;
    /// Told how far the load is; may be NULL. Called on the thread that loads, before the call returns.
    SapiensProgressCallback progress;
    /// Given to `progress`.
    void *user_data;
    /// For checkpoints, on a processor, in 32 bits: so many more bytes of weights may go into convolutions of the heads with less
    /// arithmetic (Winograd's minimal filtering). 0: none.
    uint64_t winograd_bytes;
    /// A `SapiensDeviceFraming`.
    int32_t device_framing;
    /// 1: the device records the first run of the model and replays it (a CUDA graph, WebGPU's graph capture), one person at a time; its
    /// tensors are taken once. What it cannot record runs as ever, and `SapiensModelInfo.refused` says why. Detectors do not look at it.
    uint32_t recorded;
} SapiensLoadOptions;

/// Gets a finished result. The library releases `result` after the call; `sapiens_result_retain` keeps it.
typedef void (*SapiensResultCallback)(void *user_data, struct SapiensStream *stream, struct SapiensResult *result);

/// A One-Euro filter: calm where a keypoint rests, quick where it moves.
typedef struct SapiensOneEuro {
    /// Cutoff at rest in Hz, more than 0: lower is calmer and slower.
    float min_cutoff_hz;
    /// How much the cutoff grows with speed: Hz per person height per second, at least 0.
    float beta;
    /// Cutoff of the speed itself in Hz, more than 0.
    float speed_cutoff_hz;
} SapiensOneEuro;

/// How keypoints are steadied. Begin with SAPIENS_FILTER_OPTIONS_INIT.
typedef struct SapiensFilterOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Trunk, arms, legs; all keypoints of a pose that `sapiens_set_keypoint` has no set for.
    struct SapiensOneEuro body;
    /// Toes and heels.
    struct SapiensOneEuro feet;
    /// Fingers.
    struct SapiensOneEuro hands;
    /// The dense face, eyes, ears and nose.
    struct SapiensOneEuro face;
    /// Keypoints with a score below this are not believed, 0 to 1: their last place is held, and fades into what is found.
    float min_score;
    /// How long that takes, in milliseconds.
    uint32_t hold_ms;
    /// After a gap longer than this the filter begins anew, in milliseconds, more than 0.
    uint32_t reset_after_ms;
} SapiensFilterOptions;

/// How maps are steadied. Begin with SAPIENS_MAP_FILTER_OPTIONS_INIT.
typedef struct SapiensMapFilterOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Normals older than this have faded to a third: seconds, more than 0.
    float normal_time_s;
    /// Up to this angle between the old and the new normal the surface counts as at rest: degrees, at least 0.
    float normal_still_degrees;
    /// From this angle on it has moved, and the new normal stands alone: degrees, above `normal_still_degrees`, at most 180.
    float normal_moving_degrees;
    /// Scales of pointmaps older than this have faded to a third: seconds, more than 0.
    float points_time_s;
    /// Scales further apart than this factor, above 1, are not blended.
    float points_max_factor;
    /// Points further apart than this in depth, after one scale for all, do not fit: metres, more than 0.
    float points_tolerance_m;
    /// Share of points that do not fit above which two pointmaps disagree, 0 to 1.
    float points_max_misfits;
    /// After a gap longer than this the filters begin anew, in milliseconds.
    uint32_t reset_after_ms;
} SapiensMapFilterOptions;

/// How a stream works. Begin with SAPIENS_STREAM_OPTIONS_INIT.
typedef struct SapiensStreamOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Frames that may wait, and results that may be kept, 1..64. One more frame is being worked on;
    /// where frames overlap those in work count as results to come. There is no other queue.
    uint32_t depth;
    /// A `SapiensPolicy`: what happens when there is no room.
    int32_t policy;
    /// A `SapiensDelivery` for results.
    int32_t delivery;
    /// A `SapiensMapSpace` for dense maps.
    int32_t map_space;
    /// A `SapiensFraming`.
    int32_t framing;
    /// `SapiensTask` bits to run; 0: all that are loaded. `sapiens_stream_set_task` refines them.
    uint32_t tasks;
    /// 1: results carry the picture that was looked at (map IMAGE; background of debug pictures).
    uint32_t keep_image;
    /// Time a frame should take at most, in nanoseconds, conversion and detector included; 0: no limit. Tasks that are due but would take longer, going by their
    /// recent times, wait for a later frame, those of the lowest priority first; see `SapiensTaskOptions`.
    int64_t budget_ns;
    /// Gets results, for delivery EVENTS and IMMEDIATE; NULL for POLL.
    SapiensResultCallback callback;
    /// Given to `callback`.
    void *user_data;
    /// 1: in frames without boxes people are looked for with the detector of the context (`sapiens_context_load_detector`).
    uint32_t detect;
    /// The detector looks at every n-th frame, and sooner when somebody is hidden, new or unsure; in between people are looked
    /// for where they are expected. 0 or 1: at every frame. More needs `track` and the pose task.
    uint32_t detect_every;
    /// Finds count with a score above this, up to 1; 0: what is usual for the detector (0.3; DETR 0.5).
    float detect_threshold;
    /// Of two finds that overlap by more than this (intersection over union, up to 1) the less sure one goes; 0: what is
    /// usual for the detector (0.3; DETR 1; the demo model 0.5).
    float detect_overlap;
    /// 1: people get ids that last (`SapiensPerson.id`), found by the detector or given as boxes. Results then list everybody
    /// tracked, hidden people too, by id. A frame without boxes, on a stream without `detect`, is looked at where the people of
    /// earlier frames are expected.
    uint32_t track;
    /// A `SapiensPersonPolicy`: whom the tasks look at. Everybody is tracked. Needs `track`.
    int32_t person_policy;
    /// How many the policy chooses; 0 with ALL.
    uint32_t person_count;
    /// People tracked at a time, up to 1000; 0: 256.
    uint32_t max_people;
    /// For NEAREST_TO: pixels of the upright image.
    float person_x;
    /// See `person_x`.
    float person_y;
    /// Finds of the detector need this score to begin a track, up to 1; 0: 0.1 more than to count.
    float track_new_score;
    /// How long somebody gone is remembered, in milliseconds; 0: 10 seconds.
    uint32_t track_memory_ms;
    /// 1: keypoints are steadied over time, beside the raw ones (`sapiens_result_filtered_pose`). Needs `track`.
    uint32_t filter;
    /// `SapiensTask` bits, NORMAL and POINTMAP: their maps are steadied over time, beside the raw ones
    /// (`sapiens_result_filtered_map`, `sapiens_result_points_check`). Maps of the whole image, and with `track` those of people.
    uint32_t filter_maps;
    /// How they are steadied, copied; NULL for the defaults.
    const struct SapiensFilterOptions *filter_options;
    /// How maps are steadied, copied; NULL for the defaults.
    const struct SapiensMapFilterOptions *map_filter_options;
    /// Memory in bytes that people looked at in one run of a model may take together, as far as it can be told beforehand; at
    /// least one is looked at. 0: 1 GiB; 1: one after the other.
    uint64_t batch_memory;
    /// A `SapiensRegions`: where the heads of dense tasks run. Models must be loaded for it (`SapiensLoadOptions.regions`).
    int32_t regions;
    /// A `SapiensOverlap`: whether frames overlap.
    int32_t overlap;
    /// `SapiensTask` bits: their maps stay on the device of their model, finished there, and cross to the host when they are asked for.
    /// `SapiensMap.memory` says where each lies. On a device that is not CUDA `sapiens_result_map` brings them to the host; and what the
    /// host has to decode comes there as ever, with a warning in the log: flip tests, regions, `filter_maps`, tasks other than SEG,
    /// NORMAL, POINTMAP, ALBEDO, MATTING, Sapiens v1.
    uint32_t device_maps;
    /// 0.
    uint32_t reserved;
} SapiensStreamOptions;

/// How often a task of a stream runs. Begin with SAPIENS_TASK_OPTIONS_INIT.
typedef struct SapiensTaskOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Runs on every n-th frame; 1: on every frame; 0: never. In between, results carry what it last gave, with its age.
    uint32_t every_n;
    /// Where `budget_ns` is short, due tasks of a higher priority are chosen first. A task is put off `every_n` times in a row
    /// at most.
    int32_t priority;
} SapiensTaskOptions;

/// A picture of the host. Begin with SAPIENS_IMAGE_INIT and fill in at least `format`, `width`, `height`, `row_stride`, `data`.
typedef struct SapiensImage {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// A `SapiensPixelFormat`.
    int32_t format;
    /// Pixels per row of the buffer, 1..16384.
    uint32_t width;
    /// Rows of the buffer, 1..16384; with `width` at most 2^27 pixels.
    uint32_t height;
    /// A `SapiensMemory`: where `data` and `chroma` lie, CPU or CUDA.
    int32_t memory;
    /// A `SapiensOrientation`. Boxes and results are in pixels of the upright picture.
    int32_t orientation;
    /// A `SapiensColor`; for NV12, else 0.
    int32_t color;
    /// 0.
    uint32_t reserved;
    /// Bytes from one row to the next; negative: `data` is the last row in memory. Never guessed: at least the bytes of a row.
    int64_t row_stride;
    /// The same for the rows of `chroma`; for NV12, else 0.
    int64_t chroma_stride;
    /// The first row of the picture, and of the Y plane for NV12.
    const void *data;
    /// The first row of the interleaved U, V plane; for NV12, else NULL.
    const void *chroma;
    /// Time the picture was taken, in nanoseconds of any clock; results carry it.
    int64_t timestamp_ns;
    /// CUDA: a CUstream. Without `event` the pixels are read when everything is done that is in it at the submit; NULL: the legacy default
    /// stream of the device's primary context, where the CUDA runtime works unless told otherwise. NULL for CPU.
    void *stream;
    /// CUDA: a CUevent, recorded behind the work that writes the pixels; they are read when it has come, and `stream` is not looked at. With
    /// BORROW it must stay, and not be recorded again, until the release. NULL: `stream`. NULL for CPU.
    void *event;
} SapiensImage;

/// A box in pixels of the upright image, x right, y down; the right and lower edges are x + width and y + height.
typedef struct SapiensBox {
    /// Left edge.
    float x;
    /// Upper edge.
    float y;
    /// Extent to the right, more than 0.
    float width;
    /// Extent downwards, more than 0.
    float height;
} SapiensBox;

/// Told that the library does not touch the borrowed pixels of a frame any more. Called once per borrowed frame, on a thread of
/// the library or on the thread that cancels, destroys or shuts down. It must not call the library.
typedef void (*SapiensReleaseCallback)(void *user_data, uint64_t frame);

/// What is asked about a frame. Begin with SAPIENS_SUBMIT_OPTIONS_INIT.
typedef struct SapiensSubmitOptions {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// `SapiensTask` bits that may run on this frame; 0: those of the stream.
    uint32_t tasks;
    /// `SapiensSubmitFlags` bits.
    uint32_t flags;
    /// Number of boxes, up to 256; 0: the stream looks for people if it has `detect` or `track`, else the whole image is one.
    uint32_t box_count;
    /// One box per person, copied.
    const struct SapiensBox *boxes;
    /// With BORROW: told when the pixels are free again. Not called if the submit does not answer OK.
    SapiensReleaseCallback release;
    /// Given to `release`.
    void *user_data;
} SapiensSubmitOptions;

/// The ONNX Runtime of this process. Begin with SAPIENS_RUNTIME_INFO_INIT. The texts are never NULL and live for ever.
typedef struct SapiensRuntimeInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// 0.
    uint32_t reserved;
    /// The file it was loaded from.
    const char *path;
    /// Its version, such as "1.31.1".
    const char *version;
    /// Execution providers compiled into it, separated by commas.
    const char *providers;
} SapiensRuntimeInfo;

/// A loaded model, and what really runs. Begin with SAPIENS_MODEL_INFO_INIT. The texts are never NULL and live as long as
/// the context.
typedef struct SapiensModelInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// For `sapiens_context_unload`.
    uint32_t id;
    /// `SapiensTask` bits it predicts.
    uint32_t tasks;
    /// Pixels per row of the network input.
    uint32_t input_width;
    /// Rows of the network input.
    uint32_t input_height;
    /// The `SapiensPrecision` it runs in.
    int32_t precision;
    /// Number of trained parameters.
    uint64_t parameters;
    /// The path it was loaded from, the name given to it, or "demo".
    const char *name;
    /// Official size such as "0.4b", or "custom".
    const char *size;
    /// Terms of the weights, in the words of who licenses them: those of Sapiens v1 are for non-commercial use only.
    const char *licence;
    /// Where it runs, in the words of `SapiensContextOptions.devices`.
    const char *device;
    /// ONNX Runtime's name of the execution provider that runs it.
    const char *provider;
    /// Devices listed before it that could not be used, and why; "" if none.
    const char *refused;
    /// SHA-256 of the checkpoint, hexadecimal; "" where nobody has read the whole file.
    const char *source_sha256;
    /// Keypoints of its poses, for `sapiens_set_keypoint`; 0 without task POSE.
    uint32_t keypoints;
    /// Classes of its segmentation, background included, for `sapiens_set_class`; 0 without task SEG, and where nothing says.
    uint32_t classes;
    /// Bytes it takes on its device for one person at a time, about: weights and work space. What counts towards `memory_budget`.
    uint64_t memory_bytes;
    /// How long its last load took, in milliseconds; 0 without a memory budget.
    double load_ms;
    /// How often it was loaded: more than once only under a memory budget.
    uint32_t loads;
    /// How often it was evicted.
    uint32_t evictions;
    /// 1: it is on its device now; 0: it is evicted, and comes back when a frame wants its tasks.
    uint32_t is_loaded;
    /// 1: its pictures are framed on its device, and frames that lie there are read in place.
    uint32_t frames_on_device;
    /// What its precision costs, as `sapiens convert --certify` measured it: JSON, with the relative L2 of each task's raw output and
    /// the error in the task's own terms (keypoints in pixels, share of labels, degrees, ...); "" if nobody has.
    const char *certificate;
} SapiensModelInfo;

/// What a stream has done. Begin with SAPIENS_STATISTICS_INIT. Every frame taken is counted once in one of `completed`, `failed`,
/// `dropped_frames`, `cancelled`, or is `waiting` or `working`. Times are moving averages in milliseconds, 0 before the first.
typedef struct SapiensStatistics {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// 0.
    uint32_t reserved;
    /// Frames taken.
    uint64_t submitted;
    /// Frames that gave a result without a fault.
    uint64_t completed;
    /// Frames that gave a result with a fault in it.
    uint64_t failed;
    /// Frames dropped before they were worked on.
    uint64_t dropped_frames;
    /// Results dropped because nobody fetched them.
    uint64_t dropped_results;
    /// Frames cancelled.
    uint64_t cancelled;
    /// Frames that wait.
    uint32_t waiting;
    /// Frames being worked on: 0 or 1, up to 4 where they overlap.
    uint32_t working;
    /// Results that wait to be fetched.
    uint32_t finished;
    /// People tracked in the newest completed frame, hidden ones too.
    uint32_t tracks;
    /// From submit to the beginning of the work.
    double wait_ms;
    /// Pixel format to RGB, orientation.
    double convert_ms;
    /// Image to network input.
    double preprocess_ms;
    /// ONNX Runtime.
    double model_ms;
    /// Network output to result.
    double postprocess_ms;
    /// From submit to the finished result.
    double total_ms;
    /// Frames of those completed that the detector looked at.
    uint64_t detector_runs;
    /// The detector, averaged over all frames: what detection costs at its cadence.
    double detect_ms;
    /// Models that were loaded again for a frame of this stream, because they had been evicted (`memory_budget` of the context).
    uint64_t model_loads;
    /// What that took, averaged over all frames.
    double load_ms;
} SapiensStatistics;

/// About a result as a whole. Begin with SAPIENS_RESULT_INFO_INIT.
typedef struct SapiensResultInfo {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// A `SapiensStatus`: OK, or why there is nothing in it.
    int32_t status;
    /// The fault in words; "" if there is none. Never NULL.
    const char *message;
    /// Number of the frame, from 1, as `sapiens_stream_submit` gave it.
    uint64_t frame;
    /// `SapiensImage.timestamp_ns` of the frame.
    int64_t timestamp_ns;
    /// Width of the upright image in pixels.
    uint32_t image_width;
    /// Height of the upright image in pixels.
    uint32_t image_height;
    /// Affine map from upright pixels to pixels of the submitted buffer, row by row:
    /// `x' = m[0] x + m[1] y + m[2]`, `y' = m[3] x + m[4] y + m[5]`. Pixel centres are at integers.
    double buffer_from_image[6];
    /// Number of persons.
    uint32_t person_count;
    /// `SapiensTask` bits that ran on this very frame; others in it are older.
    uint32_t tasks;
    /// Frames of this stream that were dropped since the previous result.
    uint64_t dropped_before;
    /// From submit to the beginning of the work, in milliseconds.
    double wait_ms;
    /// From submit to the finished result, in milliseconds.
    double total_ms;
    /// Number of stages `sapiens_result_timing` knows.
    uint32_t timing_count;
    /// 1: the detector looked at this frame.
    uint32_t detector_ran;
    /// Bytes given to the models of the tasks from the memory of the host: pictures, tables. Counted also where the device is the
    /// processor; the detector's are in it only where it frames on its device, from the same picture.
    uint64_t to_device_bytes;
    /// Bytes that they gave back into it, and those of the frame where it lay on a device and had to be brought to the host. Not those of
    /// maps that stayed on a device (`SapiensStreamOptions.device_maps`) and are asked for later.
    uint64_t to_host_bytes;
} SapiensResultInfo;

/// A person of a result. Begin with SAPIENS_PERSON_INIT.
typedef struct SapiensPerson {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// `SapiensTask` bits this person has something of: a pose, or maps of its own. Other maps are those of SAPIENS_SCENE.
    uint32_t tasks;
    /// Where the person is. May reach beyond the image.
    struct SapiensBox bbox;
    /// A `SapiensBoxOrigin`: where the box comes from.
    int32_t origin;
    /// A `SapiensTrackState`.
    int32_t state;
    /// Who it is: from 1, the same from frame to frame, never given twice by a stream; 0 if the stream does not track.
    uint64_t id;
    /// How sure the box is, 0 to 1; negative where nobody knows: the whole image, a box of the host that is not tracked.
    float score;
    /// Which of the boxes of the submit it is; -1 if none.
    int32_t box_index;
    /// Frames since the first sighting, this one included; 0 if the stream does not track, as all that follows.
    uint32_t age_frames;
    /// Frames in a row in which this person was looked for and not found.
    uint32_t missed_frames;
    /// Since the first sighting, in nanoseconds.
    int64_t age_ns;
    /// Since the last sighting, in nanoseconds.
    int64_t unseen_ns;
    /// The box as the motion model has it: calmer.
    struct SapiensBox estimate;
    /// Motion of its centre in pixels per second.
    float velocity_x;
    /// See `velocity_x`.
    float velocity_y;
    /// Sightings in all.
    uint32_t sightings;
    /// 1: chosen by `SapiensStreamOptions.person_policy`: the tasks look at this person.
    uint32_t is_chosen;
} SapiensPerson;

/// A keypoint in pixels of the upright image, x right, y down, pixel centres at integers.
typedef struct SapiensKeypoint {
    /// Column.
    float x;
    /// Row.
    float y;
    /// Height of the peak of the heatmap: about 1 for a sure find, 0 for none. Not a probability.
    float score;
} SapiensKeypoint;

/// The pose of a person. Begin with SAPIENS_POSE_INIT.
typedef struct SapiensPose {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// Number of keypoints; `sapiens_set_keypoint` with it names them.
    uint32_t count;
    /// `count` keypoints.
    const struct SapiensKeypoint *keypoints;
    /// Bytes from one keypoint to the next.
    uint32_t stride;
    /// Frames since the one it was found in: 0 for this one.
    uint32_t age_frames;
    /// The box of the person.
    struct SapiensBox bbox;
    /// Timestamp of the frame it was found in.
    int64_t timestamp_ns;
} SapiensPose;

/// A dense map: a view of memory that the result owns; nobody writes there. Begin with SAPIENS_MAP_INIT.
///
/// Element c of pixel (x, y) is at `data + y * row_stride + x * pixel_stride + c * channel_stride` (bytes).
typedef struct SapiensMap {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// A `SapiensElement`.
    int32_t element;
    /// A `SapiensMemory`: where `data` lies. CUDA (a CUdeviceptr of the model's device, written when the result is given, to be read until it
    /// is released) for tasks of `SapiensStreamOptions.device_maps`, else CPU; `sapiens_result_copy_map` brings it elsewhere.
    int32_t memory;
    /// Pixels per row.
    uint32_t width;
    /// Number of rows.
    uint32_t height;
    /// Elements per pixel.
    uint32_t channels;
    /// First element of the first pixel.
    const void *data;
    /// Bytes from one row to the next.
    int64_t row_stride;
    /// Bytes from one pixel to the next in a row.
    int64_t pixel_stride;
    /// Bytes from one channel of a pixel to the next.
    int64_t channel_stride;
    /// Affine map from map pixels to upright image pixels, row by row, as `SapiensResultInfo.buffer_from_image`.
    double image_from_map[6];
    /// Timestamp of the frame it was made from.
    int64_t timestamp_ns;
    /// Frames since the one it was made from: 0 for this one.
    uint32_t age_frames;
    /// LABELS: how many classes the model tells apart, for `sapiens_set_class`; 0 where nothing says, and for other maps.
    uint32_t classes;
} SapiensMap;

/// How a pointmap goes with the one before. Begin with SAPIENS_POINTS_CHECK_INIT.
typedef struct SapiensPointsCheck {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// A `SapiensAgreement`.
    int32_t agreement;
    /// 0: the two pointmaps show different shapes (DISAGREES): trust neither. 1: nothing speaks against it.
    uint32_t is_valid;
    /// What the raw points were multiplied by to get the steadied ones.
    float factor;
    /// Share of the compared points that do not fit, 0 to 1; 0 if none were compared.
    float misfits;
    /// How many points were compared.
    uint32_t compared;
    /// Timestamp of the frame the pointmap was made from.
    int64_t timestamp_ns;
    /// Frames since that one: 0 for this one.
    uint32_t age_frames;
    /// 0.
    uint32_t reserved;
} SapiensPointsCheck;

/// Where `sapiens_result_copy_map` puts a map. Begin with SAPIENS_MAP_TARGET_INIT.
///
/// Element c of pixel (x, y) goes to `data + y * row_stride + (x * channels + c) * size of an element` (bytes).
typedef struct SapiensMapTarget {
    /// Size of this struct in the caller's header.
    uint32_t struct_size;
    /// A `SapiensMemory`: where `data` lies, CPU or CUDA.
    int32_t memory;
    /// 1: the map of `sapiens_result_filtered_map` instead of that of `sapiens_result_map`.
    uint32_t filtered;
    /// 0.
    uint32_t reserved;
    /// Where the first row goes.
    void *data;
    /// Bytes from one row to the next, at least those of a row; negative: `data` is the last row in memory.
    int64_t row_stride;
    /// Bytes that may be written, from the lowest row on.
    uint64_t size;
    /// CUDA: a CUstream that the copy is put into; the call does not wait for it, and the result must be kept until the copy is done. NULL:
    /// the copy is done when the call returns, after nothing in particular. CU_STREAM_LEGACY stands for the legacy default stream. NULL
    /// for CPU.
    void *stream;
    /// CUDA: a CUevent of the context of `stream`, recorded in it behind the copy; NULL: none. NULL without `stream`.
    void *event;
} SapiensMapTarget;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Version of the library that runs: `major << 22 | minor << 12 | patch`. May differ from that of the header.
SAPIENS_API uint32_t sapiens_version(void);

/// Version of the binary interface of the library that runs; compare it with `SAPIENS_ABI_VERSION`.
/// `sapiens_context_create` does so by itself.
SAPIENS_API uint32_t sapiens_abi_version(void);

/// What the library was built from, for reports: version, git commit, profile, target, the ONNX Runtime interface it needs.
/// Never null, valid for ever.
SAPIENS_API
const char *sapiens_build_info(void);

/// Explains the last fault (a status below 0) of a call on this thread, in English: which argument or file, what was
/// wrong, what would be right.
///
/// Never null; empty if no call has failed. Valid until the next call on this thread fails, or the thread ends. Calls that
/// do not fail leave it alone.
SAPIENS_API
const char *sapiens_last_error(void);

/// A status in words, such as "corrupt model"; "unknown status" for any other number. Never null, valid for ever, any thread.
SAPIENS_API
const char *sapiens_status_name(int32_t status);

/// Gives the number of keypoints of Sapiens2, whose set `sapiens_keypoint` describes.
SAPIENS_API SapiensStatus sapiens_keypoint_count(uint32_t *count);

/// Describes keypoint `index` of Sapiens2. Models of Sapiens v1 may have other sets: `sapiens_set_keypoint`.
SAPIENS_API SapiensStatus sapiens_keypoint(uint32_t index, struct SapiensKeypointInfo *info);

/// Describes keypoint `index` of the set of `keypoints` keypoints: `SapiensPose.count`, `SapiensModelInfo.keypoints`. There are
/// sets of 308 (Sapiens2, Sapiens v1), 133 (v1, COCO-WholeBody) and 17 (v1, COCO). ABSENT for any other number: such a model
/// has keypoints of its own, without names.
SAPIENS_API
SapiensStatus sapiens_set_keypoint(uint32_t keypoints,
                                   uint32_t index,
                                   struct SapiensKeypointInfo *info);

/// Gives the number of lines of the skeleton of Sapiens2.
SAPIENS_API SapiensStatus sapiens_link_count(uint32_t *count);

/// Describes line `index` of the skeleton of Sapiens2.
SAPIENS_API SapiensStatus sapiens_link(uint32_t index, struct SapiensLinkInfo *info);

/// Gives the number of lines of the skeleton of `keypoints` keypoints. ABSENT as `sapiens_set_keypoint`.
SAPIENS_API SapiensStatus sapiens_set_link_count(uint32_t keypoints, uint32_t *count);

/// Describes line `index` of the skeleton of `keypoints` keypoints. ABSENT as `sapiens_set_keypoint`.
SAPIENS_API SapiensStatus sapiens_set_link(uint32_t keypoints, uint32_t index, struct SapiensLinkInfo *info);

/// Gives the keypoint of the set of `to` keypoints that means the same place of the body as keypoint `index` of the set of
/// `from` keypoints. ABSENT where that set has no such place, and for numbers that are in no official set; `*counterpart` is
/// left alone then.
SAPIENS_API
SapiensStatus sapiens_keypoint_counterpart(uint32_t from,
                                           uint32_t index,
                                           uint32_t to,
                                           uint32_t *counterpart);

/// Gives the number of classes of the segmentation of Sapiens2, background included.
SAPIENS_API SapiensStatus sapiens_class_count(uint32_t *count);

/// Describes class `index` of the segmentation of Sapiens2. Models of Sapiens v1 have other classes: `sapiens_set_class`.
SAPIENS_API
SapiensStatus sapiens_class(uint32_t index,
                            struct SapiensClassInfo *info);

/// Describes class `index` of the set of `classes` classes: `SapiensMap.classes`, `SapiensModelInfo.classes`. There are sets of
/// 29 (Sapiens2), 28 (Sapiens v1: without eyeglasses, so that the labels from 2 on are one less) and 20 (v1, CIHP and LIP).
/// ABSENT for any other number: such a model has classes of its own, without names.
SAPIENS_API
SapiensStatus sapiens_set_class(uint32_t classes,
                                uint32_t index,
                                struct SapiensClassInfo *info);

/// The name of a task, such as "pose", for one `SapiensTask` bit; "unknown task" for anything else. Never null, valid for
/// ever.
SAPIENS_API
const char *sapiens_task_name(uint32_t task);

/// Writes the default options, as SAPIENS_CONTEXT_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_context_options_default(struct SapiensContextOptions *options, uint32_t struct_size);

/// Writes the default options, as SAPIENS_LOAD_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_load_options_default(struct SapiensLoadOptions *options, uint32_t struct_size);

/// Writes the default options, as SAPIENS_STREAM_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_stream_options_default(struct SapiensStreamOptions *options, uint32_t struct_size);

/// Writes the default options, as SAPIENS_FILTER_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_filter_options_default(struct SapiensFilterOptions *options, uint32_t struct_size);

/// Writes the default options, as SAPIENS_MAP_FILTER_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API
SapiensStatus sapiens_map_filter_options_default(struct SapiensMapFilterOptions *options,
                                                 uint32_t struct_size);

/// Writes the default options, as SAPIENS_TASK_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_task_options_default(struct SapiensTaskOptions *options, uint32_t struct_size);

/// Writes an empty description, as SAPIENS_IMAGE_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_image_default(struct SapiensImage *image, uint32_t struct_size);

/// Writes the default options, as SAPIENS_SUBMIT_OPTIONS_INIT. `struct_size`: the caller's size of the struct.
SAPIENS_API SapiensStatus sapiens_submit_options_default(struct SapiensSubmitOptions *options, uint32_t struct_size);

/// Makes a context. Fast: no model is loaded, and ONNX Runtime is opened here only if `options` names it.
///
/// `options`: NULL for the defaults. `*context`: the new context; untouched on failure. Free it with
/// `sapiens_context_destroy`. A process may have several.
///
/// Fails with ABI_MISMATCH if the header the caller was compiled with does not fit the library, with LIBRARY if the ONNX
/// Runtime named cannot be used, with INVALID_ARGUMENT for an unknown device.
SAPIENS_API
SapiensStatus sapiens_context_create(const struct SapiensContextOptions *options,
                                     struct SapiensContext **context);

/// Frees a context with its models and streams, and sets `*context` to NULL. Waits for the frames in work (they are discarded)
/// and for callbacks that run; none runs after it. Borrowed pixels are released before it returns. Results live on. Safe to
/// call twice, and with `*context` NULL.
///
/// Fails with WRONG_THREAD from an IMMEDIATE callback, and from any callback that a callback on another thread is waiting
/// for: then nothing new begins, and a later call ends it.
SAPIENS_API
SapiensStatus sapiens_context_destroy(struct SapiensContext **context);

/// Describes the ONNX Runtime this context uses, and opens it if nothing has yet.
SAPIENS_API SapiensStatus sapiens_context_runtime(struct SapiensContext *context, struct SapiensRuntimeInfo *info);

/// Runs a tiny graph on a device, such as "cuda:0": OK if it works, DEVICE and the reason if not. May take a second.
SAPIENS_API SapiensStatus sapiens_context_try_device(struct SapiensContext *context, const char *device);

/// Calls the callbacks whose delivery is EVENTS, on this thread: log messages first, then results, each stream's in order. No
/// callback of that kind ever runs elsewhere. Never waits for work in progress: call it once per frame of the game.
///
/// Callbacks may call any function but this one, which answers WRONG_THREAD from inside them.
SAPIENS_API
SapiensStatus sapiens_context_process_events(struct SapiensContext *context);

/// Ends everything: destroys every context and stream of the process, joins every thread, drops every callback, releases
/// every borrowed frame. For hosts that unload or reload code, such as editors. Safe to call twice; new contexts can be
/// made afterwards. Old handles answer SHUT_DOWN, and may still be given to their destroy function. Results live on until
/// they are released. Fails with WRONG_THREAD as `sapiens_context_destroy`; call it again then.
SAPIENS_API
SapiensStatus sapiens_shutdown_all(void);

/// Loads a model and adds its tasks to the context. Blocks, for seconds with large models: call it from a thread of your
/// own where that matters. Streams keep running; they run the new tasks from their next frame on.
///
/// `path`: UTF-8; an official `.safetensors` checkpoint as downloaded, or an `.onnx` graph written by `sapiens convert`.
/// NULL: the small demo model inside the library. `options`: NULL for the defaults. `model_id`: may be NULL.
///
/// Fails with NOT_FOUND, IO, CORRUPT_MODEL, UNKNOWN_MODEL about the file; LIBRARY, DEVICE about where it should run;
/// INVALID_ARGUMENT if a loaded model already has one of its tasks; CANCELLED.
SAPIENS_API
SapiensStatus sapiens_context_load(struct SapiensContext *context,
                                   const char *path,
                                   const struct SapiensLoadOptions *options,
                                   uint32_t *model_id);

/// As `sapiens_context_load`, from the bytes of a `.safetensors` checkpoint in memory (from an asset package, say). They are
/// copied; `name` stands for the path in messages and in `SapiensModelInfo.name`.
SAPIENS_API
SapiensStatus sapiens_context_load_memory(struct SapiensContext *context,
                                          const char *name,
                                          const void *data,
                                          uint64_t size,
                                          const struct SapiensLoadOptions *options,
                                          uint32_t *model_id);

/// Stops the loads of this context that are in progress; they answer CANCELLED as soon as the stage they are in lets them.
/// Later loads are not affected.
SAPIENS_API
SapiensStatus sapiens_context_cancel_loads(struct SapiensContext *context);

/// Takes a model and its tasks away. A frame in work finishes with it; its memory goes with the last of these.
SAPIENS_API SapiensStatus sapiens_context_unload(struct SapiensContext *context, uint32_t model_id);

/// Gives the number of loaded models.
SAPIENS_API SapiensStatus sapiens_context_model_count(struct SapiensContext *context, uint32_t *count);

/// Describes a loaded model; `index` counts from 0 in the order of loading.
SAPIENS_API
SapiensStatus sapiens_context_model(struct SapiensContext *context,
                                    uint32_t index,
                                    struct SapiensModelInfo *info);

/// Loads the person detector of the context, in place of one loaded before: streams with `detect` use it from their next
/// frame on. Blocks, as `sapiens_context_load`, and is cancelled likewise. It runs beside the models, not in turn with them.
///
/// `path`: UTF-8; a checkpoint of RTMDet (`.pth`) or DETR (`.safetensors`), a bundle with a detector, or an `.onnx` graph
/// written by `sapiens convert`. NULL: that of the demo model inside the library. `options`: NULL for the defaults; `tasks` is
/// 0, the input size is the detector's.
///
/// Fails with UNSUPPORTED if the file has no detector, and as `sapiens_context_load`; the detector before stays then.
SAPIENS_API
SapiensStatus sapiens_context_load_detector(struct SapiensContext *context,
                                            const char *path,
                                            const struct SapiensLoadOptions *options);

/// Takes the detector away; a frame in work finishes with it. OK also if there is none.
SAPIENS_API SapiensStatus sapiens_context_unload_detector(struct SapiensContext *context);

/// Describes the detector, with `id` and `tasks` 0. ABSENT if none is loaded.
SAPIENS_API SapiensStatus sapiens_context_detector(struct SapiensContext *context, struct SapiensModelInfo *info);

/// Makes a stream and its worker thread.
///
/// `options`: NULL for the defaults. `*stream`: the new stream; untouched on failure. Free it with `sapiens_stream_destroy`.
/// Models may be loaded before or after; a frame runs the tasks loaded when its turn comes.
SAPIENS_API
SapiensStatus sapiens_stream_create(struct SapiensContext *context,
                                    const struct SapiensStreamOptions *options,
                                    struct SapiensStream **stream);

/// Frees a stream and sets `*stream` to NULL. Discards what waits and what is finished, waits for the frame in work and for a
/// callback that runs; none runs after it. Borrowed pixels are released before it returns. Results live on. Safe to call
/// twice, and with `*stream` NULL. Fails with WRONG_THREAD as `sapiens_context_destroy`.
SAPIENS_API
SapiensStatus sapiens_stream_destroy(struct SapiensStream **stream);

/// Sets how often a task runs and how important it is, from the next frame on. `task`: one `SapiensTask` bit, whether or not
/// a model has it yet. `options`: NULL for the defaults (every frame, priority 0).
SAPIENS_API
SapiensStatus sapiens_stream_set_task(struct SapiensStream *stream,
                                      uint32_t task,
                                      const struct SapiensTaskOptions *options);

/// Changes what the stream does about people, from the next frame that is worked on: the fields of `options` from `detect` to
/// `map_filter_options`; the others are not looked at. NULL: nothing is done about people any more. Ids go on: who is tracked
/// keeps theirs, and none is given twice. After a fault nothing has changed.
SAPIENS_API
SapiensStatus sapiens_stream_set_people(struct SapiensStream *stream,
                                        const struct SapiensStreamOptions *options);

/// Tells that somebody may have come in (a door, a cut): a detector that rests between its turns looks at the next frame.
SAPIENS_API
SapiensStatus sapiens_stream_expect_entry(struct SapiensStream *stream);

/// Fetches the oldest finished result, and waits for one up to `timeout_ms` (0: not at all; SAPIENS_WAIT_FOREVER), also when
/// no frame has been submitted. Answers TIMEOUT if there is none. A frame that failed gives a result too, with its
/// fault in `SapiensResultInfo.status`. `*result`: release it with `sapiens_result_release`; untouched unless OK.
SAPIENS_API
SapiensStatus sapiens_stream_poll(struct SapiensStream *stream,
                                  uint32_t timeout_ms,
                                  struct SapiensResult **result);

/// Takes back a frame, or all with SAPIENS_ALL_FRAMES: waiting ones go at once (borrowed pixels are released before this
/// returns), the one in work gives no result when it ends. Finished results stay. OK also if there is nothing to take back.
SAPIENS_API
SapiensStatus sapiens_stream_cancel(struct SapiensStream *stream,
                                    uint64_t frame);

/// Waits until no frame waits or is in work, up to `timeout_ms`; TIMEOUT if that is not reached. With policy BLOCK the worker
/// waits for results to be fetched, so fetch them from another thread or give a timeout.
SAPIENS_API
SapiensStatus sapiens_stream_flush(struct SapiensStream *stream,
                                   uint32_t timeout_ms);

/// Gives counts and times of the stream.
SAPIENS_API SapiensStatus sapiens_stream_statistics(struct SapiensStream *stream, struct SapiensStatistics *statistics);

/// Takes a frame. The pixels are copied (without conversion) before the call returns, or borrowed with
/// SAPIENS_SUBMIT_FLAGS_BORROW. Everything else happens on other threads.
///
/// `options`: NULL: every task of the stream, the whole image as one person. `timeout_ms`: how long to wait for room with policy
/// BLOCK; 0: not at all; with the other policies there is always room. `frame`: gets the number of the frame, from 1; may be
/// NULL.
///
/// Pixels on a CUDA device: without BORROW the call waits for `image->event` or `stream` and brings them to the host. With BORROW it does
/// not wait; models that frame on that device read them where they lie, for others they are brought to the host
/// (`SapiensResultInfo.to_host_bytes` counts them), and `release` comes when that is done. An event or a stream that never comes is waited
/// for without end.
///
/// Answers TIMEOUT if there is no room: nothing was taken, and nothing is released. Fails with INVALID_ARGUMENT, IMAGE,
/// UNSUPPORTED (memory space) about the image, INVALID_ARGUMENT about a box, DEVICE without an NVIDIA driver, SHUT_DOWN.
///
/// `image->data` and `image->chroma` lead to all rows that the description covers, `image->event` and
/// `image->stream` exist.
SAPIENS_API
SapiensStatus sapiens_stream_submit(struct SapiensStream *stream,
                                    const struct SapiensImage *image,
                                    const struct SapiensSubmitOptions *options,
                                    uint32_t timeout_ms,
                                    uint64_t *frame);

/// Takes a picture file as a frame: JPEG, PNG, BMP, TIFF, WebP or PNM, turned upright as its EXIF orientation says. It is read
/// and decoded before the call returns: for tools and first steps. `path`: UTF-8. `options` as for `sapiens_stream_submit`, without
/// BORROW; the timestamp is 0.
///
/// Fails with NOT_FOUND, IO or IMAGE about the file, and as `sapiens_stream_submit`.
SAPIENS_API
SapiensStatus sapiens_stream_submit_file(struct SapiensStream *stream,
                                         const char *path,
                                         const struct SapiensSubmitOptions *options,
                                         uint32_t timeout_ms,
                                         uint64_t *frame);

/// Adds a reference: one more `sapiens_result_release` is due.
SAPIENS_API SapiensStatus sapiens_result_retain(struct SapiensResult *result);

/// Gives a reference back and sets `*result` to NULL; the last one frees the result and everything read from it. Safe with
/// `*result` NULL. Releasing more often than there are references fails with INVALID_HANDLE.
SAPIENS_API
SapiensStatus sapiens_result_release(struct SapiensResult **result);

/// Describes a result. Look at `info->status` first: a frame that failed has no persons and no maps, and functions that read
/// them answer with its fault.
SAPIENS_API
SapiensStatus sapiens_result_info(struct SapiensResult *result,
                                  struct SapiensResultInfo *info);

/// Gives the name and the milliseconds of stage `index`, such as "model pose", in the order of the work. `*stage` is valid
/// as long as the result.
SAPIENS_API
SapiensStatus sapiens_result_timing(struct SapiensResult *result,
                                    uint32_t index,
                                    const char **stage,
                                    double *ms);

/// Describes a person; `person` counts from 0.
SAPIENS_API
SapiensStatus sapiens_result_person(struct SapiensResult *result,
                                    uint32_t person,
                                    struct SapiensPerson *info);

/// Gives the pose of a person; `person` counts from 0. ABSENT if the pose task has not looked at this person yet.
/// `pose->keypoints` is valid as long as the result.
SAPIENS_API SapiensStatus sapiens_result_pose(struct SapiensResult *result, uint32_t person, struct SapiensPose *pose);

/// As `sapiens_result_pose`, steadied over time: `SapiensStreamOptions.filter`. The raw pose is that of
/// `sapiens_result_pose`, always of the same frame. ABSENT where that is, and if the stream does not filter.
SAPIENS_API
SapiensStatus sapiens_result_filtered_pose(struct SapiensResult *result,
                                           uint32_t person,
                                           struct SapiensPose *pose);

/// Gives a dense map as a view of memory that the result owns, valid as long as the result. `map->memory` says where that is:
/// on a CUDA device for tasks of `SapiensStreamOptions.device_maps` on one, else on the processor.
///
/// `person`: from 0, or SAPIENS_SCENE: with framing OFFICIAL most models look at the whole image for dense tasks, and their maps are
/// those of the scene. `kind`: a `SapiensMapKind`. ABSENT if there is no such map for this person or scene.
SAPIENS_API
SapiensStatus sapiens_result_map(struct SapiensResult *result,
                                 int32_t person,
                                 int32_t kind,
                                 struct SapiensMap *map);

/// As `sapiens_result_map`, steadied over time: `SapiensStreamOptions.filter_maps`. The raw map is that of
/// `sapiens_result_map`, of the same frame and on the same grid. ABSENT where that is, where the stream does not steady it, and for
/// every kind but NORMALS and POINTS.
SAPIENS_API
SapiensStatus sapiens_result_filtered_map(struct SapiensResult *result,
                                          int32_t person,
                                          int32_t kind,
                                          struct SapiensMap *map);

/// Says how the pointmap of a person, or of SAPIENS_SCENE, goes with the one before. ABSENT where
/// `sapiens_result_filtered_map` has no points.
SAPIENS_API
SapiensStatus sapiens_result_points_check(struct SapiensResult *result,
                                          int32_t person,
                                          struct SapiensPointsCheck *check);

/// Copies a dense map into a buffer of the host: on the processor, or on a CUDA device. Rows of `width * channels` elements, as
/// `sapiens_result_map` describes the map.
///
/// `person`, `kind`: as for `sapiens_result_map`. `target`: where it goes.
///
/// On a CUDA device with `target->stream` the call does not wait: the result must be kept until the copy is done, of which `target->event`
/// tells. (Features, which are turned on the way, and pictures stored bottom up are waited for.) ABSENT as `sapiens_result_map`. Fails with
/// INVALID_ARGUMENT about the target, UNSUPPORTED (memory space), DEVICE without an NVIDIA driver or with its words.
///
/// `target->data` leads to `target->size` bytes that nobody else uses until the copy is done,
/// `target->stream` and `target->event` exist.
SAPIENS_API
SapiensStatus sapiens_result_copy_map(struct SapiensResult *result,
                                      int32_t person,
                                      int32_t kind,
                                      const struct SapiensMapTarget *target);

/// Gives the result as a JSON text: all that the structures say but maps and pixels. `*json`: UTF-8, valid as long as the
/// result. `length`: its bytes without the zero at the end; may be NULL.
SAPIENS_API
SapiensStatus sapiens_result_json(struct SapiensResult *result,
                                  const char **json,
                                  uint64_t *length);

/// Writes the text of `sapiens_result_json` to a file, whole or not at all. `path`: UTF-8.
SAPIENS_API SapiensStatus sapiens_result_write_json(struct SapiensResult *result, const char *path);

/// Writes a map as a PNG file for people to look at, whole or not at all: labels in the palette, normals and albedo as
/// colours, points as depth, relative depth near bright, confidence and alpha in gray. `path`: UTF-8. Other arguments as for `sapiens_result_map`. UNSUPPORTED for
/// FEATURES and TOKENS.
SAPIENS_API
SapiensStatus sapiens_result_write_map_png(struct SapiensResult *result,
                                           int32_t person,
                                           int32_t kind,
                                           const char *path);

/// Writes the skeletons of all persons as a PNG file, whole or not at all: over the picture if the stream has `keep_image`,
/// else on black. `path`: UTF-8.
SAPIENS_API
SapiensStatus sapiens_result_write_skeleton_png(struct SapiensResult *result,
                                                const char *path);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SAPIENS_H */

/* Initial values. The same as those of the _default functions; what is not named is 0. */
#define SAPIENS_CONTEXT_OPTIONS_INIT \
    { sizeof(SapiensContextOptions), SAPIENS_ABI_VERSION, NULL, NULL, 0, 0, 0, SAPIENS_LOG_LEVEL_WARNING, \
      SAPIENS_DELIVERY_EVENTS, 0, NULL, NULL, NULL, 0 }
#define SAPIENS_LOAD_OPTIONS_INIT \
    { sizeof(SapiensLoadOptions), 0, SAPIENS_PRECISION_DEFAULT, 0, 0, 0, NULL, NULL, 0, SAPIENS_DEVICE_FRAMING_AUTO, 0 }
#define SAPIENS_STREAM_OPTIONS_INIT \
    { sizeof(SapiensStreamOptions), 2, SAPIENS_POLICY_BLOCK, SAPIENS_DELIVERY_POLL, SAPIENS_MAP_SPACE_MODEL, \
      SAPIENS_FRAMING_OFFICIAL, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0 }
#define SAPIENS_FILTER_OPTIONS_INIT \
    { sizeof(SapiensFilterOptions), { 0.8f, 20.0f, 2.5f }, { 0.8f, 20.0f, 2.5f }, { 1.0f, 35.0f, 3.0f }, \
      { 0.8f, 35.0f, 1.5f }, 0.3f, 200, 500 }
#define SAPIENS_MAP_FILTER_OPTIONS_INIT \
    { sizeof(SapiensMapFilterOptions), 0.1f, 12.0f, 35.0f, 0.3f, 1.25f, 0.1f, 0.25f, 500 }
#define SAPIENS_TASK_OPTIONS_INIT { sizeof(SapiensTaskOptions), 1, 0 }
#define SAPIENS_IMAGE_INIT \
    { sizeof(SapiensImage), 0, 0, 0, SAPIENS_MEMORY_CPU, 0, SAPIENS_COLOR_NONE, 0, 0, 0, NULL, NULL, 0, NULL, NULL }
#define SAPIENS_SUBMIT_OPTIONS_INIT { sizeof(SapiensSubmitOptions), 0, 0, 0, NULL, NULL, NULL }
#define SAPIENS_MODEL_INFO_INIT \
    { sizeof(SapiensModelInfo), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, NULL }
#define SAPIENS_RUNTIME_INFO_INIT { sizeof(SapiensRuntimeInfo), 0, NULL, NULL, NULL }
#define SAPIENS_STATISTICS_INIT \
    { sizeof(SapiensStatistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define SAPIENS_RESULT_INFO_INIT \
    { sizeof(SapiensResultInfo), 0, NULL, 0, 0, 0, 0, { 0, 0, 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define SAPIENS_PERSON_INIT \
    { sizeof(SapiensPerson), 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0, 0 }
#define SAPIENS_POSE_INIT { sizeof(SapiensPose), 0, NULL, 0, 0, { 0, 0, 0, 0 }, 0 }
#define SAPIENS_MAP_INIT \
    { sizeof(SapiensMap), 0, 0, 0, 0, 0, NULL, 0, 0, 0, { 0, 0, 0, 0, 0, 0 }, 0, 0, 0 }
#define SAPIENS_MAP_TARGET_INIT \
    { sizeof(SapiensMapTarget), SAPIENS_MEMORY_CPU, 0, 0, NULL, 0, 0, NULL, NULL }
#define SAPIENS_POINTS_CHECK_INIT { sizeof(SapiensPointsCheck), 0, 0, 0, 0, 0, 0, 0, 0 }
#define SAPIENS_KEYPOINT_INFO_INIT \
    { sizeof(SapiensKeypointInfo), 0, NULL, 0, 0, { 0, 0, 0 }, { 0, 0, 0, 0, 0 } }
#define SAPIENS_LINK_INFO_INIT { sizeof(SapiensLinkInfo), 0, 0, { 0, 0, 0 }, 0 }
#define SAPIENS_CLASS_INFO_INIT { sizeof(SapiensClassInfo), 0, NULL, { 0, 0, 0 }, { 0, 0, 0, 0, 0 } }
