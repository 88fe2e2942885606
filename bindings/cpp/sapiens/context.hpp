// Devices, models, and the threads that work on them. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_CONTEXT_HPP
#define SAPIENS_CONTEXT_HPP

#include "stream.hpp"

namespace sapiens {

namespace detail {
inline constexpr SapiensContextOptions context_defaults = SAPIENS_CONTEXT_OPTIONS_INIT;
inline constexpr SapiensLoadOptions load_defaults = SAPIENS_LOAD_OPTIONS_INIT;
} // namespace detail

/// How a context is made.
struct ContextOptions {
    /// Path of the ONNX Runtime library; empty: the environment variable SAPIENS_ORT, then beside libsapiens and beside the
    /// program.
    std::string onnxruntime_path;
    /// Devices in order of preference, separated by commas: "cpu", "webgpu", "cuda:N", "tensorrt:N", ... Empty: "cpu".
    std::string devices;
    /// A folder that keeps converted checkpoints and what devices compile, for the next load; empty: nothing is kept.
    std::string cache_folder;
    /// Threads a run uses on the processor; 0: one per physical core.
    std::uint32_t threads = detail::context_defaults.threads;
    /// Weights of converted graphs stay mapped from their file: little memory, a slightly slower run.
    bool low_memory = detail::context_defaults.low_memory != 0;
    /// Results are averaged with those of the mirrored picture: a little more accurate, twice the time.
    bool flip_test = detail::context_defaults.flip_test != 0;
    /// Bytes that models may take together on their device; 0: no limit. Those over it are evicted and come back when a frame wants them.
    std::uint64_t memory_budget = detail::context_defaults.memory_budget;
    LogLevel log_level = static_cast<LogLevel>(detail::context_defaults.log_level);
    Delivery log_delivery = static_cast<Delivery>(detail::context_defaults.log_delivery);
    /// Gets log messages. With delivery `immediate` it may run on a thread of the library.
    std::function<void(LogLevel, std::string_view)> on_log;
};

/// How a model is loaded.
struct LoadOptions {
    /// Tasks to load of a model with several; none named: all.
    Tasks tasks;
    /// For checkpoints; a converted graph has its own.
    Precision precision = static_cast<Precision>(detail::load_defaults.precision);
    /// Input size in pixels, for checkpoints; both 0: the model's own. Multiples of 16.
    std::uint32_t input_width = detail::load_defaults.input_width;
    std::uint32_t input_height = detail::load_defaults.input_height;
    /// For checkpoints, on a processor, in 32 bits: so many more bytes of weights may go into convolutions of the heads with
    /// less arithmetic.
    std::uint64_t winograd_bytes = detail::load_defaults.winograd_bytes;
    /// Heads of dense tasks can run for a part of the picture (StreamOptions::regions).
    bool regions = detail::load_defaults.regions != 0;
    /// Where pictures are framed; detectors do not look at it.
    DeviceFraming device_framing = static_cast<DeviceFraming>(detail::load_defaults.device_framing);
    /// The device records the first run of the model and replays it, one person at a time; ModelInfo::refused says what it could not.
    bool recorded = detail::load_defaults.recorded != 0;
    /// Told how far the load is, (stage, bytes done, bytes in all), on the thread that loads; true to go on, false to stop
    /// with `cancelled`.
    std::function<bool(std::string_view, std::uint64_t, std::uint64_t)> on_progress;
};

/// A loaded model, and what really runs. The texts are valid as long as the Context.
struct ModelInfo {
    ModelId id{};
    Tasks tasks;
    std::uint32_t input_width = 0;
    std::uint32_t input_height = 0;
    Precision precision = Precision::model_default;
    /// Number of trained parameters.
    std::uint64_t parameters = 0;
    /// The path it was loaded from, the name given to it, or "demo".
    std::string_view name;
    /// Official size such as "0.4b", or "custom".
    std::string_view size;
    /// Terms of the weights; those of Sapiens v1 are for non-commercial use only.
    std::string_view licence;
    /// Where it runs, and ONNX Runtime's name of the execution provider.
    std::string_view device;
    std::string_view provider;
    /// Devices listed before it that could not be used, and why.
    std::string_view refused;
    /// Of the checkpoint, hexadecimal; empty where nobody has read the whole file.
    std::string_view source_sha256;
    /// Keypoints of its poses, for keypoint_infos(), and classes of its labels, for class_infos(); 0 without.
    std::uint32_t keypoints = 0;
    std::uint32_t classes = 0;
    /// What it takes on its device, about; how long its last load took, how often it was loaded and evicted, and whether it is there now.
    std::uint64_t memory_bytes = 0;
    Milliseconds load_time{0};
    std::uint32_t loads = 0;
    std::uint32_t evictions = 0;
    bool is_loaded = false;
    /// Pictures are framed on its device, and frames that lie there are read in place.
    bool frames_on_device = false;
    /// What its precision costs, as `sapiens convert --certify` measured it: JSON; empty if nobody has.
    std::string_view certificate;
};

/// The ONNX Runtime of this process. The texts are valid for ever.
struct RuntimeInfo {
    std::string_view path;
    std::string_view version;
    /// Execution providers compiled into it, separated by commas.
    std::string_view providers;
};

class Context {
public:
    Context() noexcept = default;
    Context(Context &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)), log_(std::move(other.log_)) {}
    Context &operator=(Context &&other) noexcept {
        Context(std::move(other)).swap(*this);
        return *this;
    }
    /// Ends its streams as ~Stream, then frees its models. Not inside an `immediate` callback: the context then lives on
    /// until shutdown_all().
    ~Context() {
        if (sapiens_context_destroy(&handle_) == SAPIENS_STATUS_WRONG_THREAD) detail::leak(std::move(log_));
    }
    void swap(Context &other) noexcept {
        std::swap(handle_, other.handle_);
        log_.swap(other.log_);
    }
    friend void swap(Context &a, Context &b) noexcept { a.swap(b); }

    /// Fast: no model is loaded, and ONNX Runtime is opened here only if the options name it.
    static Expected<Context> create(ContextOptions options = {}) {
        if (auto refused = detail::refuse_zero(options.onnxruntime_path, "onnxruntime_path")) return *refused;
        if (auto refused = detail::refuse_zero(options.devices, "devices")) return *refused;
        if (auto refused = detail::refuse_zero(options.cache_folder, "cache_folder")) return *refused;
        Context context;
        SapiensContextOptions c = SAPIENS_CONTEXT_OPTIONS_INIT;
        c.onnxruntime_path = options.onnxruntime_path.empty() ? nullptr : options.onnxruntime_path.c_str();
        c.devices = options.devices.empty() ? nullptr : options.devices.c_str();
        c.cache_folder = options.cache_folder.empty() ? nullptr : options.cache_folder.c_str();
        c.threads = options.threads;
        c.low_memory = options.low_memory ? 1 : 0;
        c.flip_test = options.flip_test ? 1 : 0;
        c.memory_budget = options.memory_budget;
        c.log_level = static_cast<std::int32_t>(options.log_level);
        c.log_delivery = static_cast<std::int32_t>(options.log_delivery);
        if (options.on_log) {
            context.log_ = std::make_shared<detail::LogSink>(std::move(options.on_log));
            c.log_callback = detail::on_log;
            c.user_data = context.log_.get();
        }
        if (auto done = detail::outcome(sapiens_context_create(&c, &context.handle_)); !done) return done.error();
        return context;
    }

    /// As the destructor, with an answer. The object is empty afterwards; but inside an `immediate` callback the answer is
    /// `wrong_thread` and nothing has happened.
    Expected<void> close() {
        auto *handle = handle_;
        const auto status = sapiens_context_destroy(&handle);
        if (status == SAPIENS_STATUS_WRONG_THREAD) return detail::failure(status);
        handle_ = nullptr;
        log_.reset();
        return detail::outcome(status);
    }

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// For what only the C interface has. Still owned by this object.
    SapiensContext *handle() const noexcept { return handle_; }

    /// Loads a model and adds its tasks. Blocks, for seconds with large models; streams keep running meanwhile. `path`: an
    /// official .safetensors checkpoint as downloaded, or an .onnx graph written by `sapiens convert`.
    Expected<ModelId> load(std::string_view path, const LoadOptions &options = {}) {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        const std::string text(path);
        return load(options, [&](const SapiensLoadOptions &c, std::uint32_t *id) {
            return sapiens_context_load(handle_, text.c_str(), &c, id);
        });
    }
    /// The small demo model inside the library.
    Expected<ModelId> load_demo(const LoadOptions &options = {}) {
        return load(options, [&](const SapiensLoadOptions &c, std::uint32_t *id) {
            return sapiens_context_load(handle_, nullptr, &c, id);
        });
    }
    /// From the bytes of a .safetensors checkpoint, which are copied. `name` stands for the path in messages.
    Expected<ModelId> load_memory(std::string_view name, Span<const std::uint8_t> bytes, const LoadOptions &options = {}) {
        if (auto refused = detail::refuse_zero(name, "name")) return *refused;
        const std::string text(name);
        return load(options, [&](const SapiensLoadOptions &c, std::uint32_t *id) {
            return sapiens_context_load_memory(handle_, text.c_str(), bytes.data(), bytes.size(), &c, id);
        });
    }
    /// Loads the person detector, in place of one loaded before: a checkpoint of RTMDet or DETR, a bundle that has one, or a
    /// converted graph. Streams with `detect` use it from their next frame on. `options` name no tasks.
    Expected<void> load_detector(std::string_view path, const LoadOptions &options = {}) {
        if (auto refused = detail::refuse_zero(path, "path")) return *refused;
        const std::string text(path);
        return detector_of(text.c_str(), options);
    }
    /// That of the demo model inside the library.
    Expected<void> load_demo_detector(const LoadOptions &options = {}) { return detector_of(nullptr, options); }
    Expected<void> unload_detector() { return detail::outcome(sapiens_context_unload_detector(handle_)); }
    /// The detector, without id and tasks; `absent` if none is loaded.
    Expected<ModelInfo> detector() const {
        SapiensModelInfo c = SAPIENS_MODEL_INFO_INIT;
        if (auto done = detail::outcome(sapiens_context_detector(handle_, &c)); !done) return done.error();
        return model_info(c);
    }
    /// Stops the loads in progress on other threads; they answer `cancelled`.
    Expected<void> cancel_loads() { return detail::outcome(sapiens_context_cancel_loads(handle_)); }
    /// Takes a model and its tasks away. A frame in work finishes with it.
    Expected<void> unload(ModelId id) {
        return detail::outcome(sapiens_context_unload(handle_, static_cast<std::uint32_t>(id)));
    }
    /// The loaded models in the order of loading.
    Expected<std::vector<ModelInfo>> models() const {
        std::uint32_t count = 0;
        if (auto done = detail::outcome(sapiens_context_model_count(handle_, &count)); !done) return done.error();
        std::vector<ModelInfo> all;
        all.reserve(count);
        for (std::uint32_t index = 0; index < count; ++index) {
            SapiensModelInfo c = SAPIENS_MODEL_INFO_INIT;
            if (auto done = detail::outcome(sapiens_context_model(handle_, index, &c)); !done) return done.error();
            all.push_back(model_info(c));
        }
        return all;
    }

    /// The ONNX Runtime this context uses; opens it if nothing has yet.
    Expected<RuntimeInfo> runtime() const {
        SapiensRuntimeInfo c = SAPIENS_RUNTIME_INFO_INIT;
        if (auto done = detail::outcome(sapiens_context_runtime(handle_, &c)); !done) return done.error();
        return RuntimeInfo{c.path, c.version, c.providers};
    }
    /// Runs a tiny graph on a device, such as "cuda:0"; the error has the reason if it does not work. May take a second.
    Expected<void> try_device(std::string_view device) const {
        if (auto refused = detail::refuse_zero(device, "device")) return *refused;
        return detail::outcome(sapiens_context_try_device(handle_, std::string(device).c_str()));
    }

    /// Makes a stream and its worker thread. Models may be loaded before or after.
    Expected<Stream> create_stream(StreamOptions options = {}) { return Stream::create(handle_, std::move(options)); }

    /// Calls the callbacks whose delivery is `events`, on this thread; never waits for work in progress. Once per frame of a
    /// game. If callbacks throw, the others run first, then the first exception leaves this call.
    Expected<void> process_events() {
        const detail::CallbackScope scope;
        auto done = detail::outcome(sapiens_context_process_events(handle_));
        scope.end();
        return done;
    }

private:
    static ModelInfo model_info(const SapiensModelInfo &c) noexcept {
        return {static_cast<ModelId>(c.id), Tasks(c.tasks), c.input_width, c.input_height,
                static_cast<Precision>(c.precision), c.parameters, c.name, c.size, c.licence, c.device, c.provider,
                c.refused, c.source_sha256, c.keypoints, c.classes, c.memory_bytes, Milliseconds(c.load_ms), c.loads,
                c.evictions, c.is_loaded != 0, c.frames_on_device != 0, c.certificate};
    }

    Expected<void> detector_of(const char *path, const LoadOptions &options) {
        auto done = load(options, [&](const SapiensLoadOptions &c, std::uint32_t *) {
            return sapiens_context_load_detector(handle_, path, &c);
        });
        if (!done) return done.error();
        return {};
    }

    template <class Call> static Expected<ModelId> load(const LoadOptions &options, Call call) {
        SapiensLoadOptions c = SAPIENS_LOAD_OPTIONS_INIT;
        c.tasks = options.tasks.bits();
        c.precision = static_cast<std::int32_t>(options.precision);
        c.input_width = options.input_width;
        c.input_height = options.input_height;
        c.winograd_bytes = options.winograd_bytes;
        c.regions = options.regions ? 1 : 0;
        c.device_framing = static_cast<std::int32_t>(options.device_framing);
        c.recorded = options.recorded ? 1 : 0;
        if (options.on_progress) {
            c.progress = detail::on_progress;
            c.user_data = const_cast<detail::Progress *>(&options.on_progress);
        }
        std::uint32_t id = 0;
        const detail::CallbackScope scope;
        auto done = detail::outcome(call(c, &id));
        scope.end();
        if (!done) return done.error();
        return static_cast<ModelId>(id);
    }

    SapiensContext *handle_ = nullptr;
    std::shared_ptr<detail::LogSink> log_;
};

/// Ends every context and stream of the process; for hosts that unload or reload code. Objects stay safe to use and destroy:
/// they answer `shut_down`. Results live on.
inline Expected<void> shutdown_all() { return detail::outcome(sapiens_shutdown_all()); }

} // namespace sapiens

#endif // SAPIENS_CONTEXT_HPP
