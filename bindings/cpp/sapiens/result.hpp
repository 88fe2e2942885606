// What a frame gave: persons, keypoints, dense maps. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_RESULT_HPP
#define SAPIENS_RESULT_HPP

#include "image.hpp"

#include <iterator>
#include <vector>

namespace sapiens {

/// A dense map of a result; <sapiens.h> says what each holds (SapiensMapKind).
enum class MapKind : std::int32_t {
    labels = SAPIENS_MAP_KIND_LABELS,
    confidence = SAPIENS_MAP_KIND_CONFIDENCE,
    normals = SAPIENS_MAP_KIND_NORMALS,
    points = SAPIENS_MAP_KIND_POINTS,
    albedo = SAPIENS_MAP_KIND_ALBEDO,
    alpha = SAPIENS_MAP_KIND_ALPHA,
    foreground = SAPIENS_MAP_KIND_FOREGROUND,
    features = SAPIENS_MAP_KIND_FEATURES,
    tokens = SAPIENS_MAP_KIND_TOKENS,
    image = SAPIENS_MAP_KIND_IMAGE,
    depth = SAPIENS_MAP_KIND_DEPTH,
};

/// Type of a map's elements: std::uint8_t, half precision (not delivered by this version), float.
enum class Element : std::int32_t {
    u8 = SAPIENS_ELEMENT_U8,
    f16 = SAPIENS_ELEMENT_F16,
    f32 = SAPIENS_ELEMENT_F32,
};

/// In place of a person's index: the maps of the whole image.
inline constexpr std::int32_t scene = SAPIENS_SCENE;

/// x, y in pixels of the upright image; score: about 1 for a sure find, 0 for none; not a probability.
using Keypoint = SapiensKeypoint;

/// A dense map: a view of memory that a Result owns, valid while that Result (or one shared from it) lives.
class MapView {
public:
    explicit MapView(const SapiensMap &map) noexcept : map_(map) {}

    std::uint32_t width() const noexcept { return map_.width; }
    std::uint32_t height() const noexcept { return map_.height; }
    /// Elements per pixel.
    std::uint32_t channels() const noexcept { return map_.channels; }
    Element element() const noexcept { return static_cast<Element>(map_.element); }
    /// Where its elements lie. On another device than the processor only c_map() leads to them; Result::copy_map() brings them elsewhere.
    Memory memory() const noexcept { return static_cast<Memory>(map_.memory); }
    /// Time of the frame it was made from, and how many frames ago that was: 0 for this one.
    Timestamp timestamp() const noexcept { return Timestamp(map_.timestamp_ns); }
    std::uint32_t age_frames() const noexcept { return map_.age_frames; }
    /// Labels: how many classes there are, for class_infos(); 0 where nothing says.
    std::uint32_t classes() const noexcept { return map_.classes; }
    /// From map pixels to upright image pixels.
    Affine image_from_map() const noexcept { return detail::affine(map_.image_from_map); }
    Point image_from_map(double x, double y) const noexcept { return image_from_map()(x, y); }
    /// Pointer, strides and everything else as the C interface gives it.
    const SapiensMap &c_map() const noexcept { return map_; }

    /// Whether its elements are of type T, and the processor can read them.
    template <class T> bool holds() const noexcept {
        return memory() == Memory::cpu && ((std::is_same_v<T, std::uint8_t> && element() == Element::u8) ||
                                           (std::is_same_v<T, float> && element() == Element::f32));
    }
    /// Element c of pixel (x, y). Outside the map, or of another type than the map's: SAPIENS_ABORT. Loops are faster by row().
    template <class T> const T &at(std::uint32_t x, std::uint32_t y, std::uint32_t c = 0) const {
        if (!holds<T>()) SAPIENS_ABORT("MapView::at: the map has elements of another type, or lies on a device");
        if (x >= width() || y >= height() || c >= channels()) SAPIENS_ABORT("MapView::at: outside the map");
        return *reinterpret_cast<const T *>(address(x, y) + map_.channel_stride * c);
    }
    /// Row y, width() * channels() elements, the channels of a pixel side by side. Empty where they are not (FEATURES), for another type
    /// than the map's, and for a map on a device. Outside the map: SAPIENS_ABORT.
    template <class T> Span<const T> row(std::uint32_t y) const {
        if (y >= height()) SAPIENS_ABORT("MapView::row: outside the map");
        const auto size = static_cast<std::int64_t>(sizeof(T));
        const bool interleaved = map_.pixel_stride == size * channels() && (channels() == 1 || map_.channel_stride == size);
        if (!holds<T>() || !interleaved) return {};
        return {reinterpret_cast<const T *>(address(0, y)), static_cast<std::size_t>(width()) * channels()};
    }

private:
    const unsigned char *address(std::uint32_t x, std::uint32_t y) const noexcept {
        return static_cast<const unsigned char *>(map_.data) + map_.row_stride * y + map_.pixel_stride * x;
    }

    SapiensMap map_;
};

/// Keypoints of a pose, in the order of keypoint_infos(size()); a view, valid as long as the Result. Not a Span: a newer library
/// may have more fields per keypoint than this header knows.
class Keypoints {
public:
    class iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = Keypoint;
        using difference_type = std::ptrdiff_t;
        using pointer = const Keypoint *;
        using reference = const Keypoint &;

        iterator() noexcept = default;
        iterator(const Keypoints *of, std::size_t index) noexcept : data_(of->data_), stride_(of->stride_), index_(index) {}
        reference operator*() const noexcept {
            return *reinterpret_cast<pointer>(reinterpret_cast<const unsigned char *>(data_) + stride_ * index_);
        }
        pointer operator->() const noexcept { return &**this; }
        iterator &operator++() noexcept { return ++index_, *this; }
        iterator operator++(int) noexcept {
            iterator before = *this;
            ++index_;
            return before;
        }
        friend bool operator==(const iterator &a, const iterator &b) noexcept { return a.index_ == b.index_; }
        friend bool operator!=(const iterator &a, const iterator &b) noexcept { return a.index_ != b.index_; }

    private:
        const Keypoint *data_ = nullptr;
        std::size_t stride_ = 0;
        std::size_t index_ = 0;
    };

    Keypoints() noexcept = default;
    Keypoints(const Keypoint *data, std::size_t size, std::size_t stride) noexcept
        : data_(data), size_(size), stride_(stride) {}
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    /// `index` is less than size().
    const Keypoint &operator[](std::size_t index) const noexcept { return *iterator(this, index); }
    iterator begin() const noexcept { return {this, 0}; }
    iterator end() const noexcept { return {this, size_}; }

private:
    const Keypoint *data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t stride_ = sizeof(Keypoint);
};

/// The pose of a person; valid as long as the Result.
struct Pose {
    Keypoints keypoints;
    /// The box of the person.
    Box bbox{};
    /// Time of the frame it was found in, and how many frames ago that was: 0 for this one.
    Timestamp timestamp{0};
    std::uint32_t age_frames = 0;
};

/// A person: where, which tasks it has something of (a pose, maps of its own), and who it is if the stream tracks.
struct Person {
    Box bbox{};
    Tasks tasks;
    BoxOrigin origin = BoxOrigin::image;
    TrackState state = TrackState::none;
    /// The same from frame to frame, from 1; 0 if the stream does not track, and so is all that follows `box_index`.
    std::uint64_t id = 0;
    /// How sure the box is, 0 to 1; negative where nobody knows.
    float score = -1;
    /// Which of the boxes of the submit it is; -1 if none.
    std::int32_t box_index = -1;
    std::uint32_t age_frames = 0;
    /// Frames in a row in which this person was looked for and not found.
    std::uint32_t missed_frames = 0;
    /// Since the first and since the last sighting.
    std::chrono::nanoseconds age{0};
    std::chrono::nanoseconds unseen{0};
    /// The box as the motion model has it, and how its centre moves in pixels per second.
    Box estimate{};
    Point velocity;
    std::uint32_t sightings = 0;
    /// Whether the policy of the stream chooses this person.
    bool is_chosen = false;
};

/// How a pointmap goes with the one before.
struct PointsCheck {
    Agreement agreement = Agreement::first;
    /// `false`: the two show different shapes; trust neither.
    bool is_valid = true;
    /// What the raw points were multiplied by to get the steadied ones.
    float factor = 1;
    /// Share of the compared points that do not fit, 0 to 1, and how many were compared.
    float misfits = 0;
    std::uint32_t compared = 0;
    /// Time of the frame the pointmap was made from, and how many frames ago that was: 0 for this one.
    Timestamp timestamp{0};
    std::uint32_t age_frames = 0;
};

/// How long a stage of the work took. `stage` is valid as long as the Result.
struct Timing {
    std::string_view stage;
    Milliseconds time{0};
};

/// About a result as a whole. `message` is valid as long as the Result.
struct ResultInfo {
    /// `ok`, or why the frame failed and has no persons and no maps; `message` says it in words.
    StatusCode code = StatusCode::ok;
    std::string_view message;
    FrameId frame = 0;
    Timestamp timestamp{0};
    /// Of the upright image, in pixels.
    std::uint32_t image_width = 0;
    std::uint32_t image_height = 0;
    /// From upright pixels to pixels of the submitted buffer.
    Affine buffer_from_image;
    std::uint32_t person_count = 0;
    /// Tasks that ran on this very frame; others in the result are older.
    Tasks tasks;
    /// Frames of the stream that were dropped since the previous result.
    std::uint64_t dropped_before = 0;
    /// From submit to the beginning of the work, and to the finished result.
    Milliseconds wait_time{0};
    Milliseconds total_time{0};
    /// Whether the detector looked at this frame.
    bool detector_ran = false;
    /// Bytes given to the models of the tasks from the memory of the host, and back; the detector's are not in it.
    std::uint64_t to_device_bytes = 0;
    std::uint64_t to_host_bytes = 0;
};

/// Everything about one frame. Never changes; outlives its stream and context. Any thread may read it.
class Result {
public:
    Result() noexcept = default;
    /// Takes over one reference.
    explicit Result(SapiensResult *handle) noexcept : handle_(handle) {}
    Result(Result &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Result &operator=(Result &&other) noexcept {
        Result(std::move(other)).swap(*this);
        return *this;
    }
    ~Result() { sapiens_result_release(&handle_); }
    void swap(Result &other) noexcept { std::swap(handle_, other.handle_); }
    friend void swap(Result &a, Result &b) noexcept { a.swap(b); }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// Still owned by this object.
    SapiensResult *handle() const noexcept { return handle_; }
    /// Another owner of the same result, without a copy; empty for an empty one.
    Result share() const noexcept {
        return Result(sapiens_result_retain(handle_) == SAPIENS_STATUS_OK ? handle_ : nullptr);
    }

    // Views must not outlive the result, so a temporary gives none.
    Expected<ResultInfo> info() const & {
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        if (auto done = detail::outcome(sapiens_result_info(handle_, &info)); !done) return done.error();
        ResultInfo found;
        found.code = static_cast<StatusCode>(info.status);
        found.message = detail::text(info.message);
        found.frame = info.frame;
        found.timestamp = Timestamp(info.timestamp_ns);
        found.image_width = info.image_width;
        found.image_height = info.image_height;
        found.buffer_from_image = detail::affine(info.buffer_from_image);
        found.person_count = info.person_count;
        found.tasks = Tasks(info.tasks);
        found.dropped_before = info.dropped_before;
        found.wait_time = Milliseconds(info.wait_ms);
        found.total_time = Milliseconds(info.total_ms);
        found.detector_ran = info.detector_ran != 0;
        found.to_device_bytes = info.to_device_bytes;
        found.to_host_bytes = info.to_host_bytes;
        return found;
    }
    Expected<ResultInfo> info() const && = delete;

    /// The stages of the work in their order.
    Expected<std::vector<Timing>> timings() const & {
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        if (auto done = detail::outcome(sapiens_result_info(handle_, &info)); !done) return done.error();
        std::vector<Timing> all;
        all.reserve(info.timing_count);
        for (std::uint32_t index = 0; index < info.timing_count; ++index) {
            const char *stage = nullptr;
            double ms = 0;
            if (auto done = detail::outcome(sapiens_result_timing(handle_, index, &stage, &ms)); !done) return done.error();
            all.push_back({detail::text(stage), Milliseconds(ms)});
        }
        return all;
    }
    Expected<std::vector<Timing>> timings() const && = delete;

    /// Person `index`, from 0.
    Expected<Person> person(std::uint32_t index) const {
        SapiensPerson person = SAPIENS_PERSON_INIT;
        if (auto done = detail::outcome(sapiens_result_person(handle_, index, &person)); !done) return done.error();
        Person found;
        found.bbox = person.bbox;
        found.tasks = Tasks(person.tasks);
        found.origin = static_cast<BoxOrigin>(person.origin);
        found.state = static_cast<TrackState>(person.state);
        found.id = person.id;
        found.score = person.score;
        found.box_index = person.box_index;
        found.age_frames = person.age_frames;
        found.missed_frames = person.missed_frames;
        found.age = std::chrono::nanoseconds(person.age_ns);
        found.unseen = std::chrono::nanoseconds(person.unseen_ns);
        found.estimate = person.estimate;
        found.velocity = {person.velocity_x, person.velocity_y};
        found.sightings = person.sightings;
        found.is_chosen = person.is_chosen != 0;
        return found;
    }

    /// The pose of person `index`; `absent` if the pose task has not looked at it.
    Expected<Pose> pose(std::uint32_t index) const & { return pose_by(sapiens_result_pose, index); }
    Expected<Pose> pose(std::uint32_t index) const && = delete;

    /// The same, steadied over time; `absent` also if the stream does not filter.
    Expected<Pose> filtered_pose(std::uint32_t index) const & { return pose_by(sapiens_result_filtered_pose, index); }
    Expected<Pose> filtered_pose(std::uint32_t index) const && = delete;

    /// A map of person `index`, or of `scene`; `absent` if there is none.
    Expected<MapView> map(std::int32_t index, MapKind kind) const & { return map_by(sapiens_result_map, index, kind); }
    Expected<MapView> map(std::int32_t index, MapKind kind) const && = delete;

    /// The same, steadied over time; `absent` also if the stream does not steady this map.
    Expected<MapView> filtered_map(std::int32_t index, MapKind kind) const & {
        return map_by(sapiens_result_filtered_map, index, kind);
    }
    Expected<MapView> filtered_map(std::int32_t index, MapKind kind) const && = delete;

    /// Copies a map of person `index`, or of `scene`, into memory of the host or of a CUDA device; `absent` as map() and filtered_map().
    Expected<void> copy_map(std::int32_t index, MapKind kind, const MapTarget &target) const {
        SapiensMapTarget c = SAPIENS_MAP_TARGET_INIT;
        c.memory = static_cast<std::int32_t>(target.memory);
        c.filtered = target.filtered ? 1 : 0;
        c.data = target.data;
        c.row_stride = target.row_stride;
        c.size = target.size;
        c.stream = target.stream;
        c.event = target.event;
        return detail::outcome(sapiens_result_copy_map(handle_, index, static_cast<std::int32_t>(kind), &c));
    }

    /// How the pointmap of person `index`, or of `scene`, goes with the one before; `absent` if the stream does not compare them.
    Expected<PointsCheck> points_check(std::int32_t index) const {
        SapiensPointsCheck c = SAPIENS_POINTS_CHECK_INIT;
        if (auto done = detail::outcome(sapiens_result_points_check(handle_, index, &c)); !done) return done.error();
        return PointsCheck{static_cast<Agreement>(c.agreement), c.is_valid != 0, c.factor, c.misfits, c.compared,
                           Timestamp(c.timestamp_ns), c.age_frames};
    }

    /// The result as a JSON text, valid as long as the result.
    Expected<std::string_view> json() const & {
        const char *json = nullptr;
        std::uint64_t length = 0;
        if (auto done = detail::outcome(sapiens_result_json(handle_, &json, &length)); !done) return done.error();
        return std::string_view(json, static_cast<std::size_t>(length));
    }
    Expected<std::string_view> json() const && = delete;

    /// Files for people to look at, whole or not at all.
    Expected<void> write_json(std::string_view path) const {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        return detail::outcome(sapiens_result_write_json(handle_, std::string(path).c_str()));
    }
    Expected<void> write_map_png(std::int32_t index, MapKind kind, std::string_view path) const {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        return detail::outcome(sapiens_result_write_map_png(handle_, index, static_cast<std::int32_t>(kind),
                                                            std::string(path).c_str()));
    }
    Expected<void> write_skeleton_png(std::string_view path) const {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        return detail::outcome(sapiens_result_write_skeleton_png(handle_, std::string(path).c_str()));
    }

private:
    template <class Call> Expected<MapView> map_by(Call call, std::int32_t index, MapKind kind) const {
        SapiensMap map = SAPIENS_MAP_INIT;
        const auto status = call(handle_, index, static_cast<std::int32_t>(kind), &map);
        if (auto done = detail::outcome(status); !done) return done.error();
        return MapView(map);
    }

    template <class Call> Expected<Pose> pose_by(Call call, std::uint32_t index) const {
        SapiensPose pose = SAPIENS_POSE_INIT;
        if (auto done = detail::outcome(call(handle_, index, &pose)); !done) return done.error();
        return Pose{{pose.keypoints, pose.count, pose.stride}, pose.bbox, Timestamp(pose.timestamp_ns), pose.age_frames};
    }

    SapiensResult *handle_ = nullptr;
};

} // namespace sapiens

#endif // SAPIENS_RESULT_HPP
