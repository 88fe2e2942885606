// The engine-free part of the Unreal plugin against the library and its demo model: the whole flow, wrong inputs, cancelling,
// many sessions, ends while frames are queued. Compiled without exceptions, as Unreal compiles.
#include "Core/Session.h"
#include "Core/Skeleton.h"

#include "../cpp/expect.hpp"

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <thread>

using namespace sapiens;
using namespace sapiens::unreal;
using namespace std::chrono_literals;

static void on_a_thread(std::function<void()> work) { std::thread(std::move(work)).detach(); }

static std::unique_ptr<Session> session(std::function<void(LogLevel, std::string_view)> on_log = {}) {
    ContextOptions options;
    options.threads = 1;
    options.on_log = std::move(on_log);
    options.log_level = LogLevel::debug;
    auto made = Session::create(std::move(options), on_a_thread);
    EXPECT(made);
    return *std::move(made);
}

/// The game: frames until something is so.
template <class Done> static void play(Session &game, Done done) {
    for (int frame = 0; !done(); ++frame) {
        EXPECT(frame < 60000);
        static_cast<void>(game.pump());
        std::this_thread::sleep_for(2ms);
    }
}

static void load_demo(Session &game) {
    bool is_loaded = false;
    const auto game_thread = std::this_thread::get_id();
    LoadOptions options;
    options.recorded = true;
    options.device_framing = DeviceFraming::on;
    game.load("", options, [&](const Expected<ModelId> &answer) {
        EXPECT(answer && std::this_thread::get_id() == game_thread);
        is_loaded = true;
    });
    play(game, [&] { return is_loaded; });
}

static constexpr std::uint32_t width = 60, height = 80;
static Image camera_picture(int number) {
    return Image::packed(PixelFormat::bgra8, width, height, nullptr).at(std::chrono::milliseconds(number));
}
static Pixels picture(Feed &feed, int number) {
    Pixels pixels = feed.take(std::size_t{4} * width * height);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels.data()[i] = static_cast<std::uint8_t>(i * 7 + i / 240 + std::size_t(number));
    return pixels;
}

static void maps(const Result &result) {
    MapReading map;
    EXPECT(read_map(result, 0, MapKind::labels, MapStyle::picture, map) && map.is_colour);
    EXPECT(map.width > 0 && map.bytes.size() == std::size_t{4} * map.width * map.height && map.bytes[3] == 255);
    const auto labels = result.map(scene, MapKind::labels);
    const auto classes = class_infos();
    for (std::uint32_t y = 0; y < map.height; ++y) {
        for (std::uint32_t x = 0; x < map.width; ++x) {
            const std::uint8_t *at = &map.bytes[(std::size_t{y} * map.width + x) * 4];
            const Rgb color = (*classes)[labels->at<std::uint8_t>(x, y)].color;
            EXPECT(at[0] == color[2] && at[1] == color[1] && at[2] == color[0]);
        }
    }
    EXPECT(read_map(result, scene, MapKind::labels, MapStyle::values, map));
    float index = -1;
    std::memcpy(&index, map.bytes.data(), sizeof(index));
    EXPECT(index == static_cast<float>(labels->at<std::uint8_t>(0, 0)));
    for (const MapKind kind : {MapKind::normals, MapKind::points}) {
        EXPECT(read_map(result, scene, kind, MapStyle::values, map) && !map.is_colour);
        const auto view = result.map(scene, kind);
        for (std::uint32_t y = 0; y < map.height; y += 5) {
            for (std::uint32_t x = 0; x < map.width; x += 3) {
                float at[4];
                std::memcpy(at, &map.bytes[(std::size_t{y} * map.width + x) * sizeof(at)], sizeof(at));
                const double unit = kind == MapKind::points ? 100 : 1;
                if (at[3] == 0) continue;
                EXPECT(std::abs(at[0] - view->at<float>(x, y, 2) * unit) < 1e-3 * unit);
                EXPECT(std::abs(at[1] - view->at<float>(x, y, 0) * unit) < 1e-3 * unit);
                EXPECT(std::abs(at[2] + view->at<float>(x, y, 1) * unit) < 1e-3 * unit);
            }
        }
    }
    for (const MapKind kind : {MapKind::normals, MapKind::albedo, MapKind::alpha, MapKind::confidence, MapKind::image}) {
        EXPECT(read_map(result, 0, kind, MapStyle::picture, map) && !map.bytes.empty());
    }
    EXPECT(read_map(result, scene, MapKind::points, MapStyle::picture, map).code() == StatusCode::unsupported);
    EXPECT(read_map(result, scene, MapKind::tokens, MapStyle::values, map).code() == StatusCode::absent);
    EXPECT(read_map(result, 99, MapKind::labels, MapStyle::values, map).error().is_fault());
    EXPECT(read_map(Result(), 0, MapKind::labels, MapStyle::values, map).code() == StatusCode::invalid_argument);
}

static void space(const Result &result) {
    std::vector<CloudPoint> cloud, coarse;
    EXPECT(read_cloud(result, 0, 1, cloud) && !cloud.empty());
    bool is_coloured = false;
    for (const CloudPoint &point : cloud) {
        EXPECT(std::isfinite(point.position.x) && point.pixel.x >= -1 && point.pixel.x <= width);
        is_coloured = is_coloured || point.color != Rgb{255, 255, 255};
    }
    EXPECT(is_coloured); // the stream keeps its pictures
    EXPECT(read_cloud(result, scene, 4, coarse) && coarse.size() < cloud.size() / 8);
    EXPECT(read_cloud(result, scene, UINT32_MAX, coarse) && coarse.size() <= 1);
    EXPECT(read_cloud(result, scene, 0, coarse).code() == StatusCode::invalid_argument && coarse.empty());
    std::vector<std::optional<Vector>> places;
    EXPECT(read_keypoints_in_space(result, 0, places) && places.size() == keypoint_infos()->size());
    EXPECT(read_keypoints_in_space(result, 5, places).error().is_fault() && places.empty());
}

static void whole_flow() {
    int messages = 0;
    auto game = session([&](LogLevel, std::string_view text) { messages += text.empty() ? 0 : 1; });
    load_demo(*game);
    EXPECT(!game->is_loading() && game->models()->size() == 1 && !game->runtime()->version.empty());
    EXPECT(game->models()->front().frames_on_device && game->models()->front().refused.empty());
    FrameReading frame;
    int results = 0;
    const auto game_thread = std::this_thread::get_id();
    StreamOptions options;
    options.keep_image = true;
    options.overlap = Overlap::on;
    auto feed = game->open(options, [&](const Result &result) {
        EXPECT(std::this_thread::get_id() == game_thread);
        EXPECT(read_frame(result, frame));
        EXPECT(frame.code == StatusCode::ok && frame.message.empty() && frame.people.size() == 1 && frame.width == width);
        EXPECT(frame.people[0].keypoints.size() == keypoint_infos()->size() && frame.people[0].age_frames == 0);
        EXPECT(frame.timestamp == std::chrono::milliseconds(frame.frame * 10));
        if (results == 0) maps(result), space(result);
        ++results;
    });
    EXPECT(feed);
    std::size_t allocations = 0;
    for (int number = 1; number <= 6; ++number) {
        bool is_taken = false; // from a thread of its own, as the render thread does
        std::thread([&] {
            is_taken = bool((*feed)->submit(picture(**feed, number), camera_picture(number * 10)));
        }).join();
        EXPECT(is_taken);
        const int wanted = number;
        play(*game, [&] { return results == wanted; });
        if (number == 2) allocations = (*feed)->allocations();
    }
    EXPECT((*feed)->allocations() == allocations); // buffers come back
    EXPECT((*feed)->statistics()->completed == 6 && messages > 0);
    EXPECT((*feed)->set_task(Task::normal, {0, 0}));
    EXPECT((*feed)->close() && (*feed)->close() && !(*feed)->is_open());
    EXPECT((*feed)->submit(picture(**feed, 1), camera_picture(1)).code() == StatusCode::shut_down);
    EXPECT((*feed)->statistics().code() == StatusCode::shut_down && (*feed)->cancel().code() == StatusCode::shut_down);
}

static void wrong_inputs() {
    EXPECT(Session::create({}, {}).code() == StatusCode::invalid_argument);
    ContextOptions options;
    options.devices = "abacus";
    EXPECT(Session::create(options, on_a_thread).error().message.find("abacus") != std::string::npos);
    auto game = session();
    std::vector<StatusCode> answers;
    for (const char *path : {"/no/such/model.safetensors", __FILE__}) {
        game->load(path, {}, [&](const Expected<ModelId> &answer) {
            EXPECT(answer.error().is_fault() && !answer.error().message.empty());
            answers.push_back(answer.code());
        });
    }
    game->load(std::string("zero\0inside", 11), {}, [&](const Expected<ModelId> &answer) { answers.push_back(answer.code()); });
    play(*game, [&] { return answers.size() == 3; });
    EXPECT(game->open({}, {}).code() == StatusCode::invalid_argument);
    StreamOptions deep;
    deep.depth = 100000;
    EXPECT(game->open(deep, [](const Result &) {}).code() == StatusCode::invalid_argument);

    // No model: frames give results that say so.
    FrameReading frame;
    bool has_answer = false;
    auto feed = *game->open({}, [&](const Result &result) { has_answer = bool(read_frame(result, frame)); });
    EXPECT(feed->submit(Pixels(), camera_picture(0)).code() == StatusCode::invalid_argument);
    EXPECT(feed->submit(feed->take(10), camera_picture(0)).error().message.find("10 bytes") != std::string::npos);
    EXPECT(feed->submit(feed->take(10), Image()).error().is_fault());
    Image negative = camera_picture(0);
    negative.row_stride = -negative.row_stride;
    EXPECT(feed->submit(picture(*feed, 0), negative).error().is_fault());
    const Box nonsense[] = {{0, 0, -1, std::nanf("")}};
    SubmitOptions boxes;
    boxes.boxes = nonsense;
    EXPECT(feed->submit(picture(*feed, 0), camera_picture(0), boxes).code() == StatusCode::invalid_argument);
    EXPECT(feed->submit(picture(*feed, 0), camera_picture(0)));
    play(*game, [&] { return has_answer; });
    EXPECT(frame.code != StatusCode::ok && !frame.message.empty() && frame.people.empty());
    EXPECT(read_frame(Result(), frame).code() == StatusCode::invalid_argument);

    EXPECT(game->close() && game->close());
    EXPECT(game->pump().code() == StatusCode::shut_down && game->models().code() == StatusCode::shut_down);
    EXPECT(game->open({}, [](const Result &) {}).code() == StatusCode::shut_down);
    game->load("", {}, [](const Expected<ModelId> &) { EXPECT(false); });
}

static void cancelling() {
    auto game = session();
    load_demo(*game);
    int results = 0;
    StreamOptions options;
    options.depth = 8;
    auto feed = *game->open(options, [&](const Result &) { ++results; });
    for (int i = 0; i < 8; ++i) EXPECT(feed->submit(picture(*feed, i), camera_picture(i)));
    EXPECT(feed->cancel());
    play(*game, [&] { return feed->statistics()->working == 0 && feed->statistics()->finished == 0; });
    const auto counted = *feed->statistics();
    EXPECT(counted.waiting == 0 && counted.cancelled >= 6 && counted.completed == std::uint64_t(results));
}

/// A listener that ends its own feed, or the whole session, from inside.
static void ends_from_inside() {
    auto game = session();
    load_demo(*game);
    std::shared_ptr<Feed> feed;
    int results = 0;
    feed = *game->open({}, [&](const Result &) { ++results, EXPECT(feed->close()); });
    EXPECT(feed->submit(picture(*feed, 0), camera_picture(0)));
    play(*game, [&] { return results == 1; });
    bool is_over = false;
    feed = *game->open({}, [&](const Result &) { game.reset(), is_over = true; });
    EXPECT(feed->submit(picture(*feed, 0), camera_picture(0)));
    while (!is_over) EXPECT(game->pump());
    EXPECT(!game && feed->submit(picture(*feed, 0), camera_picture(0)).error().is_fault());
}

/// Ends while frames are queued, others are being submitted and a model is being loaded: everything comes back.
static void ends_under_load() {
    for (int round = 0; round < 6; ++round) {
        auto game = session();
        if (round % 2 == 0) load_demo(*game);
        StreamOptions options;
        options.depth = 16;
        auto feed = *game->open(options, [](const Result &) {});
        if (round % 2 == 1) game->load("", {}, [](const Expected<ModelId> &) { EXPECT(false); });
        std::atomic<bool> is_over{false};
        std::thread camera([&] {
            while (!is_over) static_cast<void>(feed->submit(picture(*feed, 1), camera_picture(1)));
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(round * 3));
        if (round < 2) EXPECT(shutdown_all());
        if (round < 4) EXPECT(feed->close() || round < 2);
        static_cast<void>(game->close());
        EXPECT(!game->is_loading());
        is_over = true;
        camera.join();
    }
}

/// A feed that is given up does not keep the game waiting, and is silent at once.
static void retires() {
    auto game = session();
    load_demo(*game);
    for (int round = 0; round < 5; ++round) {
        bool is_retired = false;
        auto feed = *game->open({}, [&](const Result &) { EXPECT(!is_retired); });
        EXPECT(feed->submit(picture(*feed, 1), camera_picture(1)) && feed->submit(picture(*feed, 2), camera_picture(2)));
        std::this_thread::sleep_for(std::chrono::milliseconds(round * 5));
        game->retire(feed);
        is_retired = true;
        if (round % 2 == 0) play(*game, [&] { return !feed->is_open(); });
        EXPECT(game->pump() && !game->is_loading());
    }
    game->retire(nullptr);
    auto last = *game->open({}, [](const Result &) { EXPECT(false); });
    EXPECT(last->submit(picture(*last, 1), camera_picture(1)));
    game->retire(last);
    EXPECT(game->close() && !last->is_open());
    game->retire(last);
    auto dropping = *Session::create({}, [](std::function<void()>) {});
    dropping->retire(*dropping->open({}, [](const Result &) {}));
    EXPECT(dropping->close());
}

/// Work that never runs, because the engine is ending: the session ends all the same.
static void work_that_is_dropped() {
    auto made = Session::create({}, [](std::function<void()>) {});
    (*made)->load("", {}, [](const Expected<ModelId> &) { EXPECT(false); });
    EXPECT(!(*made)->is_loading() && (*made)->close());
}

static void many_sessions(int count) {
    for (int i = 0; i < count; ++i) {
        auto game = session();
        auto feed = *game->open({}, [](const Result &) {});
        EXPECT(feed->submit(picture(*feed, i), camera_picture(i)));
        if (i % 3 == 0) EXPECT(game->pump());
        if (i % 2 == 0) feed.reset();
    }
}

static void queue_of_events() {
    auto queue = std::make_shared<EventQueue>();
    std::string order;
    EXPECT(queue->post([&] { order += 'a', queue->post([&] { order += 'c'; }); }));
    EXPECT(queue->post([&] { order += 'b'; }));
    EXPECT(queue->run() == 2 && order == "ab" && queue->run() == 1 && order == "abc");
    EXPECT(queue->post([&] { queue->close(); }) && queue->post([&] { order += 'd'; }));
    EXPECT(queue->run() == 1 && order == "abc" && !queue->post([] {}) && queue->run() == 0);
}

static void skeleton() {
    const auto infos = *keypoint_infos();
    const auto body = [](KeypointGroup group) { return group != KeypointGroup::face; };
    const auto made = Skeleton::of_library(body, "", "camera");
    EXPECT(made);
    const auto &bones = made->bones();
    std::size_t wanted = 1;
    for (const KeypointInfo &info : infos) wanted += body(info.group) ? 1 : 0;
    EXPECT(bones.size() == wanted && bones[0].parent == -1 && bones[0].name == "camera");
    const auto links = *link_infos();
    std::vector<bool> is_seen(infos.size());
    for (std::size_t i = 1; i < bones.size(); ++i) {
        EXPECT(bones[i].parent >= 0 && bones[i].parent < std::int32_t(i) && infos[*bones[i].keypoint].name == bones[i].name);
        EXPECT(!is_seen[*bones[i].keypoint]);
        is_seen[*bones[i].keypoint] = true;
        if (bones[i].parent == 0) continue;
        const std::uint32_t a = *bones[i].keypoint, b = *bones[std::size_t(bones[i].parent)].keypoint;
        bool is_link = false;
        for (const LinkInfo &link : links) is_link = is_link || (link.from == a && link.to == b) || (link.from == b && link.to == a);
        EXPECT(is_link);
    }
    // Offsets add up to the positions; what is missing stays with its parent and keeps its last offset.
    std::vector<std::optional<Vector>> places(infos.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = Vector{double(i), 2.0 * double(i), -double(i)};
    const std::uint32_t missing = *bones.back().keypoint;
    places[missing].reset();
    std::vector<Vector> offsets, sums(bones.size());
    made->pose(places, offsets);
    for (std::size_t i = 1; i < bones.size(); ++i) {
        const Vector &above = sums[std::size_t(bones[i].parent)];
        sums[i] = {above.x + offsets[i].x, above.y + offsets[i].y, above.z + offsets[i].z};
        if (*bones[i].keypoint != missing) EXPECT(std::abs(sums[i].y - places[*bones[i].keypoint]->y) < 1e-9);
    }
    EXPECT(offsets.back().x == 0 && offsets.back().y == 0);
    offsets.back().x = 3;
    made->pose(places, offsets);
    EXPECT(offsets.back().x == 3);
    made->pose({}, offsets);

    const std::string last(infos[*bones.back().keypoint].name);
    EXPECT(Skeleton::of_library(body, last, "camera")->bones()[1].name == last);
    EXPECT(Skeleton::of_library(body, "left_tentacle", "camera").error().message.find("left_tentacle") != std::string::npos);

    const auto curves = *Curves::of_library(KeypointGroup::face);
    PersonReading person;
    std::vector<float> values;
    curves.read(person, values);
    EXPECT(values.size() == curves.names.size() && values.size() == 2 * curves.keypoints.size() && !values.empty());
    person.bbox = {10, 20, 100, 200};
    person.keypoints.resize(infos.size());
    person.keypoints[curves.keypoints[1]] = {60, 70, 1};
    curves.read(person, values);
    EXPECT(values[2] == 0.5F && values[3] == 0.25F);
}

int main(int count, char **arguments) {
    const int sessions = count > 1 ? std::atoi(arguments[1]) : 20;
    queue_of_events();
    skeleton();
    whole_flow();
    wrong_inputs();
    cancelling();
    ends_from_inside();
    retires();
    work_that_is_dropped();
    many_sessions(sessions);
    ends_under_load();
    std::puts("ok");
}
