// The demo model through the C++ header: load, submit, poll, callbacks, borrowed pixels, moved-from objects, faults.
#include "sapiens.hpp"

#include "expect.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

using namespace sapiens;
using namespace std::chrono_literals;

static std::vector<std::uint8_t> picture(std::uint32_t width, std::uint32_t height) {
    std::vector<std::uint8_t> pixels(std::size_t{3} * width * height);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 300);
    return pixels;
}

static Context demo(ContextOptions options = {}) {
    options.threads = 1;
    auto context = Context::create(std::move(options));
    EXPECT(context);
    EXPECT(context->load_demo());
    return *std::move(context);
}

static void maps_of(const Result &result) {
    const auto info = result.info();
    EXPECT(info && info->code == StatusCode::ok && info->message.empty() && info->person_count == 1);
    EXPECT(info->image_width == 90 && info->image_height == 120 && info->timestamp == 17ms && info->frame == 1);
    EXPECT(info->total_time >= info->wait_time && info->buffer_from_image(5, 6).y == 6);
    const auto labels = result.map(scene, MapKind::labels);
    EXPECT(labels && labels->holds<std::uint8_t>() && labels->channels() == 1 && labels->age_frames() == 0);
    const auto classes = class_infos()->size();
    for (std::uint32_t y = 0; y < labels->height(); ++y) {
        const auto row = labels->row<std::uint8_t>(y);
        EXPECT(row.size() == labels->width());
        for (std::uint32_t x = 0; x < labels->width(); ++x) {
            EXPECT(row[x] < classes && &row[x] == &labels->at<std::uint8_t>(x, y));
        }
    }
    // The grid of the network covers the whole image, corner to corner.
    const Point first = labels->image_from_map(-0.5, -0.5);
    const Point last = labels->image_from_map(labels->width() - 0.5, labels->height() - 0.5);
    EXPECT(std::abs(first.x + 0.5) < 1e-6 && std::abs(last.x - 89.5) < 1e-6 && std::abs(last.y - 119.5) < 1e-6);
    const auto normals = result.map(scene, MapKind::normals);
    EXPECT(normals && normals->holds<float>() && normals->channels() == 3);
    const auto n = normals->row<float>(normals->height() / 2);
    const float length = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    EXPECT(std::abs(length - 1) < 1e-3F || length == 0);
    const auto nothing = result.map(scene, MapKind::tokens);
    EXPECT(nothing.code() == StatusCode::absent && !nothing.error().is_fault());
    EXPECT(result.map(7, MapKind::labels).code() != StatusCode::ok);
    std::vector<std::uint8_t> copy(std::size_t{labels->width()} * labels->height(), 255);
    MapTarget target;
    target.data = copy.data();
    target.row_stride = labels->width();
    target.size = copy.size();
    EXPECT(result.copy_map(scene, MapKind::labels, target));
    for (std::uint32_t y = 0; y < labels->height(); ++y) {
        const auto row = labels->row<std::uint8_t>(y);
        EXPECT(std::equal(row.begin(), row.end(), copy.begin() + std::ptrdiff_t{labels->width()} * y));
    }
    target.filtered = true;
    EXPECT(result.copy_map(scene, MapKind::labels, target).code() == StatusCode::absent);
    target.filtered = false;
    target.size -= 1;
    EXPECT(result.copy_map(scene, MapKind::labels, target).code() == StatusCode::invalid_argument);
    EXPECT(info->to_device_bytes > 0 && info->to_host_bytes > copy.size());

    const auto pose = result.pose(0);
    EXPECT(pose && pose->keypoints.size() == keypoint_infos()->size() && pose->age_frames == 0 && pose->timestamp == 17ms);
    EXPECT(pose->bbox.width == 90 && result.person(0)->tasks.contains(Task::pose));
    for (const Keypoint &point : pose->keypoints) EXPECT(std::isfinite(point.x) && point.score >= 0);
    const auto timings = result.timings();
    EXPECT(timings && !timings->empty() && !timings->front().stage.empty());
    EXPECT(result.json() && result.json()->front() == '{');
    EXPECT(result.write_json("no/such/folder/result.json").code() == StatusCode::io ||
           result.write_json("no/such/folder/result.json").code() == StatusCode::not_found);
    EXPECT(result.write_json(std::string_view("a\0b", 3)).code() == StatusCode::invalid_argument);
}

static void maps_that_stay() {
    Context context = demo();
    StreamOptions options;
    options.device_maps = Tasks(Task::seg);
    auto stream = context.create_stream(options);
    const auto pixels = picture(90, 120);
    EXPECT(stream->submit(Image::packed(PixelFormat::rgb8, 90, 120, pixels.data()), {}, 1s));
    const auto result = stream->poll(Wait::forever());
    const auto labels = result->map(scene, MapKind::labels);
    EXPECT(labels && labels->memory() == Memory::cpu && labels->holds<std::uint8_t>());
    EXPECT(result->info()->to_host_bytes > 0 && result->map(scene, MapKind::normals));
    SapiensMap away = labels->c_map();
    away.memory = SAPIENS_MEMORY_CUDA;
    EXPECT(!MapView(away).holds<std::uint8_t>() && MapView(away).row<std::uint8_t>(0).empty());
}

static void submit_and_poll() {
    Context context = demo();
    const auto models = context.models();
    EXPECT(models && models->size() == 1 && models->front().tasks.contains(Task::pose));
    EXPECT(!context.runtime()->version.empty());
    auto stream = context.create_stream();
    EXPECT(stream);
    EXPECT(stream->poll().code() == StatusCode::timeout);
    {
        const auto pixels = picture(90, 120); // copied by submit
        EXPECT(*stream->submit(Image::packed(PixelFormat::rgb8, 90, 120, pixels.data()).at(17ms), {}, 1s) == 1);
    }
    auto polled = stream->poll(Wait::forever());
    EXPECT(polled);
    Result result = *std::move(polled);
    maps_of(result);
    const Result shared = result.share();
    EXPECT(shared && shared.handle() == result.handle());
    const Result moved = std::move(result);
    EXPECT(!result && result.info().code() == StatusCode::invalid_argument); // NOLINT: that is what is tested
    const auto statistics = stream->statistics();
    EXPECT(statistics && statistics->submitted == 1 && statistics->completed == 1 && statistics->model_time > 0ms);

    Stream other = *std::move(stream);
    EXPECT(!*stream && other && other.flush(Wait::forever()));
    EXPECT(context.close());
    EXPECT(!context);
    EXPECT(other.submit(Image{}).code() != StatusCode::ok); // ended with its context
    EXPECT(moved.pose(0) && shared.info());                  // results live on
    context = demo();
    EXPECT(context && context.unload(context.models()->front().id) && context.models()->empty());
}

static void events_and_boxes() {
    Context context = demo();
    std::vector<FrameId> seen;
    const auto here = std::this_thread::get_id();
    StreamOptions options;
    options.delivery = Delivery::events;
    options.depth = 4;
    options.tasks = Task::pose;
    options.on_result = [&](Result result) {
        EXPECT(std::this_thread::get_id() == here);
        EXPECT(result.info()->person_count == 2 && result.pose(1));
        seen.push_back(result.info()->frame);
    };
    auto stream = context.create_stream(std::move(options));
    EXPECT(stream);
    Stream moved = *std::move(stream); // the callback's address does not move with it
    const auto pixels = picture(90, 120);
    const std::array<Box, 2> boxes{{{0, 0, 50, 100}, {40, 10, 50, 100}}};
    SubmitOptions asked;
    asked.boxes = boxes;
    for (int i = 0; i < 3; ++i) EXPECT(moved.submit(Image::packed(PixelFormat::rgb8, 90, 120, pixels.data()), asked, 5s));
    EXPECT(moved.flush(Wait::forever()));
    EXPECT(seen.empty());
    EXPECT(context.process_events());
    EXPECT((seen == std::vector<FrameId>{1, 2, 3}));
}

static void stream_destroyed_by_its_own_callback() {
    Context context = demo();
    Stream stream;
    bool ran = false;
    StreamOptions options;
    options.delivery = Delivery::events;
    auto alive = std::make_shared<int>(5);
    options.on_result = [&stream, &ran, alive](Result) {
        stream = Stream();
        ran = *alive == 5; // what it captured is still there
    };
    stream = *context.create_stream(std::move(options));
    const auto pixels = picture(64, 64);
    EXPECT(stream.submit(Image::packed(PixelFormat::rgb8, 64, 64, pixels.data())));
    EXPECT(stream.flush(Wait::forever()));
    EXPECT(context.process_events());
    EXPECT(ran && !stream && alive.use_count() == 1);
}

static void immediate_and_borrowed() {
    Context context = demo();
    std::atomic<int> results{0}, released{0};
    StreamOptions options;
    options.delivery = Delivery::immediate;
    options.on_result = [&](Result result) { results += result.info()->code == StatusCode::ok ? 1 : 0; };
    auto stream = context.create_stream(std::move(options));
    for (int i = 0; i < 5; ++i) {
        auto pixels = std::make_unique<std::vector<std::uint8_t>>(picture(64, 48)); // owned by the callback: move-only
        const Image image = Image::packed(PixelFormat::rgb8, 64, 48, pixels->data());
        auto frame = stream->submit_borrowed(image, [&released, pixels = std::move(pixels)](FrameId) { ++released; }, {}, 10s);
        EXPECT(frame);
    }
    EXPECT(stream->flush(Wait::forever()));
    EXPECT(stream->close());
    EXPECT(results == 5 && released == 5);

    auto token = std::make_shared<int>(1);
    auto other = context.create_stream();
    EXPECT(!other->submit_borrowed(Image{}, [token](FrameId) { *token = 2; }));
    EXPECT(*token == 1 && token.use_count() == 1); // refused: destroyed, not called
}

static void an_immediate_callback_cannot_close_what_runs_it() {
    Context context = demo();
    Stream stream;
    std::atomic<int> refused{0};
    StreamOptions options;
    options.delivery = Delivery::immediate;
    options.on_result = [&](Result) {
        refused += stream.close().code() == StatusCode::wrong_thread && stream ? 1 : 0;
        refused += context.close().code() == StatusCode::wrong_thread && context ? 1 : 0;
    };
    stream = *context.create_stream(std::move(options));
    const auto pixels = picture(64, 64);
    EXPECT(stream.submit(Image::packed(PixelFormat::rgb8, 64, 64, pixels.data())));
    EXPECT(stream.flush(Wait::forever()));
    EXPECT(stream.close() && !stream); // from here it can be, when the callback is over
    EXPECT(refused == 2);
}

static void faults_have_words() {
    auto wrong = Context::create([] {
        ContextOptions options;
        options.devices = "toaster";
        return options;
    }());
    EXPECT(wrong.code() == StatusCode::invalid_argument && wrong.error().message.find("toaster") != std::string::npos);
    Context context = demo();
    EXPECT(context.load("/no/such/model.safetensors").code() == StatusCode::not_found);
    const std::vector<std::uint8_t> junk(100, 0xEE);
    const auto corrupt = context.load_memory("junk", junk);
    EXPECT(corrupt.error().is_fault() && corrupt.error().message.find("junk") != std::string::npos);
    EXPECT(context.load(std::string_view("a\0b", 3)).code() == StatusCode::invalid_argument);
    EXPECT(context.try_device("cpu"));
    auto stream = context.create_stream();
    const auto pixels = picture(8, 8);
    Image image = Image::packed(PixelFormat::rgb8, 8, 8, pixels.data());
    image.row_stride = 23;
    EXPECT(stream->submit(image).error().message.find("row_stride") != std::string::npos);
    StreamOptions no_callback;
    no_callback.delivery = Delivery::events;
    EXPECT(context.create_stream(no_callback).code() == StatusCode::invalid_argument);

    LoadOptions stopped;
    stopped.on_progress = [](std::string_view, std::uint64_t, std::uint64_t) { return false; };
    auto other = Context::create();
    EXPECT(other->load_demo(stopped).code() == StatusCode::cancelled);
    EXPECT(shutdown_all());
    EXPECT(context.models().code() == StatusCode::shut_down && context.close());
}

static void a_file(const char *path) {
    Context context = demo();
    auto stream = context.create_stream();
    EXPECT(stream->submit_file(path));
    auto result = stream->poll(Wait::forever());
    EXPECT(result && result->info()->code == StatusCode::ok && result->pose(0));
    EXPECT(stream->submit_file("/no/such/picture.png").code() == StatusCode::not_found);
}

int main(int count, char **arguments) {
    EXPECT(count == 2); // a picture
    a_file(arguments[1]);
    maps_that_stay();
    submit_and_poll();
    events_and_boxes();
    stream_destroyed_by_its_own_callback();
    immediate_and_borrowed();
    an_immediate_callback_cannot_close_what_runs_it();
    faults_have_words();
    return 0;
}
