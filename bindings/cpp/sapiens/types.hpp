// Words of the interface: enumerations, task masks, waiting times. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_TYPES_HPP
#define SAPIENS_TYPES_HPP

#include "expected.hpp"

#include <array>
#include <chrono>

namespace sapiens {

/// One task of a model. Combine with |.
enum class Task : std::uint32_t {
    pose = SAPIENS_TASK_POSE,
    seg = SAPIENS_TASK_SEG,
    normal = SAPIENS_TASK_NORMAL,
    pointmap = SAPIENS_TASK_POINTMAP,
    albedo = SAPIENS_TASK_ALBEDO,
    matting = SAPIENS_TASK_MATTING,
    features = SAPIENS_TASK_FEATURES,
    depth = SAPIENS_TASK_DEPTH,
};

/// Such as "pose".
inline std::string_view name(Task task) noexcept { return sapiens_task_name(static_cast<std::uint32_t>(task)); }

/// A set of tasks. As a parameter the empty set, Tasks(), stands for every task there is.
class Tasks {
public:
    constexpr Tasks() noexcept = default;
    constexpr Tasks(Task task) noexcept : bits_(static_cast<std::uint32_t>(task)) {}
    constexpr explicit Tasks(std::uint32_t bits) noexcept : bits_(bits) {}

    constexpr std::uint32_t bits() const noexcept { return bits_; }
    constexpr bool empty() const noexcept { return bits_ == 0; }
    constexpr bool contains(Task task) const noexcept { return (bits_ & static_cast<std::uint32_t>(task)) != 0; }
    friend constexpr Tasks operator|(Tasks a, Tasks b) noexcept { return Tasks(a.bits_ | b.bits_); }
    friend constexpr Tasks operator&(Tasks a, Tasks b) noexcept { return Tasks(a.bits_ & b.bits_); }
    friend constexpr bool operator==(Tasks a, Tasks b) noexcept { return a.bits_ == b.bits_; }
    friend constexpr bool operator!=(Tasks a, Tasks b) noexcept { return a.bits_ != b.bits_; }

private:
    std::uint32_t bits_ = 0;
};
constexpr Tasks operator|(Task a, Task b) noexcept { return Tasks(a) | Tasks(b); }

/// What happens when frames come faster than they are worked on, or results faster than they are fetched.
enum class Policy : std::int32_t {
    block = SAPIENS_POLICY_BLOCK,
    drop_oldest = SAPIENS_POLICY_DROP_OLDEST,
    latest_only = SAPIENS_POLICY_LATEST_ONLY,
};

/// How results and log messages reach the host: fetched, inside Context::process_events, or at once on a library thread.
enum class Delivery : std::int32_t {
    poll = SAPIENS_DELIVERY_POLL,
    events = SAPIENS_DELIVERY_EVENTS,
    immediate = SAPIENS_DELIVERY_IMMEDIATE,
};

/// Grid on which dense maps are delivered: the network input (no resampling), or the image.
enum class MapSpace : std::int32_t {
    model = SAPIENS_MAP_SPACE_MODEL,
    image = SAPIENS_MAP_SPACE_IMAGE,
};

/// How an image is brought to the network: per task as trained, or every task from a crop of each person.
enum class Framing : std::int32_t {
    official = SAPIENS_FRAMING_OFFICIAL,
    crop = SAPIENS_FRAMING_CROP,
};

/// Where the heads of dense tasks run; elsewhere maps say that there is nothing. `boxes`: around the people that are looked at,
/// `seg`: around what segmentation of the same frame finds.
enum class Regions : std::int32_t {
    whole = SAPIENS_REGIONS_WHOLE,
    boxes = SAPIENS_REGIONS_BOXES,
    seg = SAPIENS_REGIONS_SEG,
};

/// Whether the frames of a stream overlap: by itself on a device other than the processor where no frame is dropped, always, never.
enum class Overlap : std::int32_t {
    automatic = SAPIENS_OVERLAP_AUTO,
    on = SAPIENS_OVERLAP_ON,
    off = SAPIENS_OVERLAP_OFF,
};

/// Whom the tasks of a stream look at, of the people it tracks: everybody, the largest boxes, the nearest (the highest boxes),
/// those nearest to a point.
enum class PersonPolicy : std::int32_t {
    all = SAPIENS_PERSON_POLICY_ALL,
    largest = SAPIENS_PERSON_POLICY_LARGEST,
    nearest = SAPIENS_PERSON_POLICY_NEAREST,
    nearest_to = SAPIENS_PERSON_POLICY_NEAREST_TO,
};

/// Where the box of a person comes from: it is the whole image, it came with the frame, the detector found it, it is around
/// the keypoints found where the person was expected, or it is only expected.
enum class BoxOrigin : std::int32_t {
    image = SAPIENS_BOX_ORIGIN_IMAGE,
    host = SAPIENS_BOX_ORIGIN_HOST,
    detector = SAPIENS_BOX_ORIGIN_DETECTOR,
    keypoints = SAPIENS_BOX_ORIGIN_KEYPOINTS,
    prediction = SAPIENS_BOX_ORIGIN_PREDICTION,
};

/// How sure it is that somebody is there; `none`: the stream does not track. Somebody `lost` has no pose, and keeps the id.
enum class TrackState : std::int32_t {
    none = SAPIENS_TRACK_STATE_NONE,
    tentative = SAPIENS_TRACK_STATE_TENTATIVE,
    confirmed = SAPIENS_TRACK_STATE_CONFIRMED,
    lost = SAPIENS_TRACK_STATE_LOST,
};

/// How a pointmap goes with the one before of the same person or scene.
enum class Agreement : std::int32_t {
    first = SAPIENS_AGREEMENT_FIRST,
    agrees = SAPIENS_AGREEMENT_AGREES,
    scale_jump = SAPIENS_AGREEMENT_SCALE_JUMP,
    disagrees = SAPIENS_AGREEMENT_DISAGREES,
    too_few = SAPIENS_AGREEMENT_TOO_FEW,
};

/// Element type of a model's weights and large products.
enum class Precision : std::int32_t {
    model_default = SAPIENS_PRECISION_DEFAULT,
    fp32 = SAPIENS_PRECISION_FP32,
    fp16 = SAPIENS_PRECISION_FP16,
    bf16 = SAPIENS_PRECISION_BF16,
};

/// Urgency of a log message. Setting a level asks for it and all more urgent ones.
enum class LogLevel : std::int32_t {
    off = SAPIENS_LOG_LEVEL_OFF,
    error = SAPIENS_LOG_LEVEL_ERROR,
    warning = SAPIENS_LOG_LEVEL_WARNING,
    info = SAPIENS_LOG_LEVEL_INFO,
    debug = SAPIENS_LOG_LEVEL_DEBUG,
};

/// A model loaded into a context, for Context::unload.
enum class ModelId : std::uint32_t {};

/// Number of a frame of a stream, from 1. `all_frames`: every frame, for Stream::cancel.
using FrameId = std::uint64_t;
inline constexpr FrameId all_frames = SAPIENS_ALL_FRAMES;

/// Time a picture was taken, since any epoch the host likes; results carry it.
using Timestamp = std::chrono::nanoseconds;

/// Milliseconds with their fraction, for times that were measured.
using Milliseconds = std::chrono::duration<double, std::milli>;

/// R, G, B.
using Rgb = std::array<std::uint8_t, 3>;

/// A box in pixels of the upright image: x, y, width, height.
using Box = SapiensBox;

/// A point in pixels.
struct Point {
    double x = 0;
    double y = 0;
};

/// x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5]; pixel centres are at integers.
struct Affine {
    std::array<double, 6> m{1, 0, 0, 0, 1, 0};

    constexpr Point operator()(double x, double y) const noexcept {
        return {m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]};
    }
    /// The way back. Maps of this library have one, but for TOKENS, whose affine map means nothing.
    constexpr Affine inverse() const noexcept {
        const double d = m[0] * m[4] - m[1] * m[3];
        const double a = m[4] / d, b = -m[1] / d, c = -m[3] / d, e = m[0] / d;
        return {{a, b, -(a * m[2] + b * m[5]), c, e, -(c * m[2] + e * m[5])}};
    }
};

/// How long to wait: any std::chrono duration (part milliseconds are rounded up), none() or forever().
class Wait {
public:
    template <class Rep, class Period>
    constexpr Wait(std::chrono::duration<Rep, Period> time) noexcept : milliseconds_(whole(time)) {}

    static constexpr Wait none() noexcept { return Wait(0U); }
    static constexpr Wait forever() noexcept { return Wait(SAPIENS_WAIT_FOREVER); }
    /// As the C interface takes it.
    constexpr std::uint32_t milliseconds() const noexcept { return milliseconds_; }

private:
    constexpr explicit Wait(std::uint32_t milliseconds) noexcept : milliseconds_(milliseconds) {}

    template <class Rep, class Period>
    static constexpr std::uint32_t whole(std::chrono::duration<Rep, Period> time) noexcept {
        // Compared as double: hours::max() has no milliseconds that fit. What is longer than the longest time (49 days)
        // waits that long, not for ever.
        const double given = std::chrono::duration<double, std::milli>(time).count();
        if (!(given > 0)) return 0;
        if (given >= static_cast<double>(SAPIENS_WAIT_FOREVER)) return SAPIENS_WAIT_FOREVER - 1;
        const auto down = static_cast<std::uint32_t>(given);
        return static_cast<double>(down) < given ? down + 1 : down;
    }

    std::uint32_t milliseconds_;
};

namespace detail {

inline Affine affine(const double (&m)[6]) noexcept { return {{m[0], m[1], m[2], m[3], m[4], m[5]}}; }
inline Rgb rgb(const std::uint8_t (&color)[3]) noexcept { return {color[0], color[1], color[2]}; }

} // namespace detail
} // namespace sapiens

#endif // SAPIENS_TYPES_HPP
