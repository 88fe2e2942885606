// One camera or clip: frames in, results out. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_STREAM_HPP
#define SAPIENS_STREAM_HPP

#include "callback.hpp"

#include <optional>

namespace sapiens {

namespace detail {
inline constexpr SapiensStreamOptions stream_defaults = SAPIENS_STREAM_OPTIONS_INIT;
inline constexpr SapiensTaskOptions task_defaults = SAPIENS_TASK_OPTIONS_INIT;
} // namespace detail

/// How people are looked for in frames without boxes, with the detector of the context (Context::load_detector).
struct DetectOptions {
    /// The detector looks at every n-th frame, and sooner when needed. More than 1 needs TrackOptions and the pose task.
    std::uint32_t every_n = 1;
    /// Finds count with a score above this; 0: what is usual for the detector.
    float threshold = 0;
    /// Of two finds that overlap by more than this the less sure one goes; 0: what is usual for the detector.
    float max_overlap = 0;
};

/// How people get ids that last.
struct TrackOptions {
    PersonPolicy policy = PersonPolicy::all;
    /// How many the policy chooses; 0 with `all`.
    std::uint32_t person_count = 0;
    /// People tracked at a time, up to 1000; 0: 256.
    std::uint32_t max_people = 0;
    /// For `nearest_to`, in pixels of the upright image.
    Point point;
    /// Finds of the detector need this score to begin a track; 0: 0.1 more than to count.
    float new_score = 0;
    /// How long somebody gone is remembered; 0: 10 seconds.
    std::chrono::duration<std::uint32_t, std::milli> memory{0};
};

/// How keypoints are steadied: <sapiens.h> says what the fields mean. Begins with the defaults.
struct FilterOptions : SapiensFilterOptions {
    FilterOptions() noexcept : SapiensFilterOptions(SAPIENS_FILTER_OPTIONS_INIT) {}
};

/// Which maps are steadied, and how: <sapiens.h> says what the fields mean. Begins with the defaults.
struct MapFilterOptions : SapiensMapFilterOptions {
    MapFilterOptions() noexcept : SapiensMapFilterOptions(SAPIENS_MAP_FILTER_OPTIONS_INIT) {}
    /// `Task::normal` and `Task::pointmap`.
    Tasks maps;
};

/// What a stream does about people; Stream::set_people changes it.
struct PeopleOptions {
    /// Looks for people, gives them ids (which needs boxes of the host or `detect`), steadies their keypoints beside the raw
    /// ones (which needs `track`).
    std::optional<DetectOptions> detect;
    std::optional<TrackOptions> track;
    std::optional<FilterOptions> filter;
    /// Steadies maps beside the raw ones: those of the whole image, and with `track` those of people.
    std::optional<MapFilterOptions> map_filter;
};

/// How a stream works.
struct StreamOptions : PeopleOptions {
    /// Frames that may wait, and results that may be kept, 1..64.
    std::uint32_t depth = detail::stream_defaults.depth;
    Policy policy = static_cast<Policy>(detail::stream_defaults.policy);
    Delivery delivery = static_cast<Delivery>(detail::stream_defaults.delivery);
    MapSpace map_space = static_cast<MapSpace>(detail::stream_defaults.map_space);
    Framing framing = static_cast<Framing>(detail::stream_defaults.framing);
    /// Tasks to run; none named: all that are loaded.
    Tasks tasks;
    /// Results carry the picture that was looked at (MapKind::image of the scene).
    bool keep_image = false;
    /// Time a frame should take at most; 0: no limit. Tasks that would take longer wait for a later frame.
    std::chrono::nanoseconds budget{0};
    /// Gets results, with delivery `events` or `immediate`. With the latter it runs on a thread of the library: it must be
    /// short, and must not destroy the stream or its context.
    std::function<void(Result)> on_result;
    /// Memory in bytes of the people that are looked at in one run of a model; 0: 1 GiB; 1: one after the other.
    std::uint64_t batch_memory = 0;
    /// Where the heads of dense tasks run; models must be loaded with `LoadOptions::regions`.
    Regions regions = static_cast<Regions>(detail::stream_defaults.regions);
    /// Whether frames overlap.
    Overlap overlap = static_cast<Overlap>(detail::stream_defaults.overlap);
    /// Tasks whose maps stay on the device of their model, finished there: MapView::memory() says where each lies.
    Tasks device_maps;
};

/// How often a task runs, and how important it is.
struct TaskOptions {
    /// On every n-th frame; 1: on every frame; 0: never. In between results carry what it last gave, with its age.
    std::uint32_t every_n = detail::task_defaults.every_n;
    /// Higher ones run first and are the last to be put off where the budget is short.
    std::int32_t priority = detail::task_defaults.priority;
};

/// What a stream has done. Times are moving averages, 0 before the first.
struct Statistics {
    std::uint64_t submitted = 0;
    std::uint64_t completed = 0;
    /// Frames that gave a result with a fault in it.
    std::uint64_t failed = 0;
    /// Frames dropped before they were worked on; results dropped because nobody fetched them.
    std::uint64_t dropped_frames = 0;
    std::uint64_t dropped_results = 0;
    std::uint64_t cancelled = 0;
    /// Frames that wait, frames in work (0 or 1, up to 4 where they overlap), results that wait to be fetched.
    std::uint32_t waiting = 0;
    std::uint32_t working = 0;
    std::uint32_t finished = 0;
    /// From submit to the beginning of the work; the stages of the work; from submit to the finished result.
    Milliseconds wait_time{0};
    Milliseconds convert_time{0};
    Milliseconds preprocess_time{0};
    Milliseconds model_time{0};
    Milliseconds postprocess_time{0};
    Milliseconds total_time{0};
    /// Frames that the detector looked at; its time averaged over all frames; people tracked in the newest frame.
    std::uint64_t detector_runs = 0;
    Milliseconds detect_time{0};
    std::uint32_t tracks = 0;
    /// Models loaded again for a frame because they had been evicted; what that took, averaged over all frames.
    std::uint64_t model_loads = 0;
    Milliseconds load_time{0};
};

/// Made by Context::create_stream.
class Stream {
public:
    Stream() noexcept = default;
    Stream(Stream &&other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), results_(std::move(other.results_)) {}
    Stream &operator=(Stream &&other) noexcept {
        Stream(std::move(other)).swap(*this);
        return *this;
    }
    /// Discards what waits, waits for the frame in work and for a callback that runs elsewhere; none runs after it. Borrowed
    /// pixels are released before it returns. Not inside an `immediate` callback of this stream: it would then live on
    /// until its context is destroyed.
    ~Stream() {
        if (sapiens_stream_destroy(&handle_) == SAPIENS_STATUS_WRONG_THREAD) detail::leak(std::move(results_));
    }
    void swap(Stream &other) noexcept {
        std::swap(handle_, other.handle_);
        results_.swap(other.results_);
    }
    friend void swap(Stream &a, Stream &b) noexcept { a.swap(b); }

    /// As the destructor, with an answer. The object is empty afterwards; but inside an `immediate` callback the answer is
    /// `wrong_thread` and nothing has happened.
    Expected<void> close() {
        auto *handle = handle_;
        const auto status = sapiens_stream_destroy(&handle);
        if (status == SAPIENS_STATUS_WRONG_THREAD) return detail::failure(status);
        handle_ = nullptr;
        results_.reset();
        return detail::outcome(status);
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// For what only the C interface has. Still owned by this object.
    SapiensStream *handle() const noexcept { return handle_; }

    /// Takes a frame; its pixels are copied before the call returns. `wait`: for room with policy `block`; `timeout` if there
    /// is none. Gives the number of the frame.
    Expected<FrameId> submit(const Image &image, const SubmitOptions &options = {}, Wait wait = Wait::none()) {
        return submit_as(image, c_options(options), wait);
    }

    /// Takes a picture file as a frame: JPEG, PNG, BMP, TIFF, WebP or PNM, turned upright as its EXIF orientation says. Read and
    /// decoded before the call returns: for tools and first steps.
    Expected<FrameId> submit_file(std::string_view path, const SubmitOptions &options = {}, Wait wait = Wait::none()) {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        const SapiensSubmitOptions c = c_options(options);
        FrameId frame = 0;
        const auto status =
            sapiens_stream_submit_file(handle_, std::string(path).c_str(), &c, wait.milliseconds(), &frame);
        if (auto done = detail::outcome(status); !done) return done.error();
        return frame;
    }

    /// As submit() without a copy: the pixels stay valid and unchanged until `released(FrameId)` is called, once, on a thread
    /// of the library or on one that cancels or destroys. It must not call the library and must not throw; it may own the
    /// pixels (a lambda that has moved them in). If the answer is an error it is destroyed and not called.
    template <class F>
    Expected<FrameId> submit_borrowed(const Image &image, F released, const SubmitOptions &options = {},
                                      Wait wait = Wait::none()) {
        auto kept = std::make_unique<F>(std::move(released));
        SapiensSubmitOptions c = c_options(options);
        c.flags |= SAPIENS_SUBMIT_FLAGS_BORROW;
        c.release = detail::on_release<F>;
        c.user_data = kept.get();
        auto frame = submit_as(image, c, wait);
        if (frame) static_cast<void>(kept.release()); // on_release owns it now, and may have deleted it already
        return frame;
    }

    /// Fetches the oldest finished result, waiting for one as long as said; `timeout` if there is none. A frame that failed
    /// gives a result too: see ResultInfo::code.
    Expected<Result> poll(Wait wait = Wait::none()) {
        SapiensResult *result = nullptr;
        const auto status = sapiens_stream_poll(handle_, wait.milliseconds(), &result);
        if (auto done = detail::outcome(status); !done) return done.error();
        return Result(result);
    }

    /// Sets how often a task runs and how important it is, from the next frame on.
    Expected<void> set_task(Task task, const TaskOptions &options) {
        SapiensTaskOptions c = SAPIENS_TASK_OPTIONS_INIT;
        c.every_n = options.every_n;
        c.priority = options.priority;
        return detail::outcome(sapiens_stream_set_task(handle_, static_cast<std::uint32_t>(task), &c));
    }

    /// Changes what is done about people, from the next frame that is worked on. Ids go on.
    Expected<void> set_people(const PeopleOptions &options) {
        SapiensStreamOptions c = SAPIENS_STREAM_OPTIONS_INIT;
        c_people(c, options);
        return detail::outcome(sapiens_stream_set_people(handle_, &c));
    }

    /// Tells that somebody may have come in: a detector that rests between its turns looks at the next frame.
    Expected<void> expect_entry() { return detail::outcome(sapiens_stream_expect_entry(handle_)); }

    /// Takes back a frame, or `all_frames`. Finished results stay.
    Expected<void> cancel(FrameId frame) { return detail::outcome(sapiens_stream_cancel(handle_, frame)); }

    /// Waits until no frame waits or is in work; `timeout` if that is not reached in the time given.
    Expected<void> flush(Wait wait) { return detail::outcome(sapiens_stream_flush(handle_, wait.milliseconds())); }

    Expected<Statistics> statistics() const {
        SapiensStatistics c = SAPIENS_STATISTICS_INIT;
        if (auto done = detail::outcome(sapiens_stream_statistics(handle_, &c)); !done) return done.error();
        Statistics found;
        found.submitted = c.submitted;
        found.completed = c.completed;
        found.failed = c.failed;
        found.dropped_frames = c.dropped_frames;
        found.dropped_results = c.dropped_results;
        found.cancelled = c.cancelled;
        found.waiting = c.waiting;
        found.working = c.working;
        found.finished = c.finished;
        found.wait_time = Milliseconds(c.wait_ms);
        found.convert_time = Milliseconds(c.convert_ms);
        found.preprocess_time = Milliseconds(c.preprocess_ms);
        found.model_time = Milliseconds(c.model_ms);
        found.postprocess_time = Milliseconds(c.postprocess_ms);
        found.total_time = Milliseconds(c.total_ms);
        found.detector_runs = c.detector_runs;
        found.detect_time = Milliseconds(c.detect_ms);
        found.tracks = c.tracks;
        found.model_loads = c.model_loads;
        found.load_time = Milliseconds(c.load_ms);
        return found;
    }

private:
    friend class Context;

    static Expected<Stream> create(SapiensContext *context, StreamOptions options) {
        Stream stream;
        SapiensStreamOptions c = SAPIENS_STREAM_OPTIONS_INIT;
        c.depth = options.depth;
        c.policy = static_cast<std::int32_t>(options.policy);
        c.delivery = static_cast<std::int32_t>(options.delivery);
        c.map_space = static_cast<std::int32_t>(options.map_space);
        c.framing = static_cast<std::int32_t>(options.framing);
        c.tasks = options.tasks.bits();
        c.keep_image = options.keep_image ? 1 : 0;
        c.budget_ns = options.budget.count();
        c.batch_memory = options.batch_memory;
        c.regions = static_cast<std::int32_t>(options.regions);
        c.overlap = static_cast<std::int32_t>(options.overlap);
        c.device_maps = options.device_maps.bits();
        c_people(c, options);
        if (options.on_result) {
            stream.results_ = std::make_shared<detail::ResultSink>(std::move(options.on_result));
            c.callback = detail::on_result;
            c.user_data = stream.results_.get();
        }
        if (auto done = detail::outcome(sapiens_stream_create(context, &c, &stream.handle_)); !done) return done.error();
        return stream;
    }

    /// `options` outlives `c`.
    static void c_people(SapiensStreamOptions &c, const PeopleOptions &options) noexcept {
        if (options.detect) {
            c.detect = 1;
            c.detect_every = options.detect->every_n;
            c.detect_threshold = options.detect->threshold;
            c.detect_overlap = options.detect->max_overlap;
        }
        if (options.track) {
            c.track = 1;
            c.person_policy = static_cast<std::int32_t>(options.track->policy);
            c.person_count = options.track->person_count;
            c.max_people = options.track->max_people;
            c.person_x = static_cast<float>(options.track->point.x);
            c.person_y = static_cast<float>(options.track->point.y);
            c.track_new_score = options.track->new_score;
            c.track_memory_ms = options.track->memory.count();
        }
        if (options.filter) {
            c.filter = 1;
            c.filter_options = &*options.filter;
        }
        if (options.map_filter) {
            c.filter_maps = options.map_filter->maps.bits();
            c.map_filter_options = &*options.map_filter;
        }
    }

    static SapiensSubmitOptions c_options(const SubmitOptions &options) noexcept {
        SapiensSubmitOptions c = SAPIENS_SUBMIT_OPTIONS_INIT;
        c.tasks = options.tasks.bits();
        c.flags = options.ignore_cadence ? static_cast<std::uint32_t>(SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE) : 0U;
        const std::size_t most = UINT32_MAX; // far beyond what the library takes, which says so
        c.box_count = static_cast<std::uint32_t>(options.boxes.size() < most ? options.boxes.size() : most);
        c.boxes = options.boxes.empty() ? nullptr : options.boxes.data();
        return c;
    }

    Expected<FrameId> submit_as(const Image &image, const SapiensSubmitOptions &options, Wait wait) {
        const SapiensImage c = image.c_image();
        FrameId frame = 0;
        const auto status = sapiens_stream_submit(handle_, &c, &options, wait.milliseconds(), &frame);
        if (auto done = detail::outcome(status); !done) return done.error();
        return frame;
    }

    SapiensStream *handle_ = nullptr;
    std::shared_ptr<detail::ResultSink> results_;
};

} // namespace sapiens

#endif // SAPIENS_STREAM_HPP
