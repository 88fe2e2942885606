// People in the engine-free part of the Unreal plugin: the detector in the background, ids and states in readings, options that change
// while a feed is open. Argument: a picture of a person as a binary PPM.
#include "Core/Reading.h"
#include "Core/Session.h"

#include "../cpp/expect.hpp"

#include <fstream>
#include <thread>

using namespace sapiens;
using namespace sapiens::unreal;
using namespace std::chrono_literals;

static void on_a_thread(std::function<void()> work) { std::thread(std::move(work)).detach(); }

template <class Done> static void play(Session &game, Done done) {
    for (int frame = 0; !done(); ++frame) {
        EXPECT(frame < 60000);
        static_cast<void>(game.pump());
        std::this_thread::sleep_for(2ms);
    }
}

static std::unique_ptr<Session> session() {
    ContextOptions options;
    options.threads = 1;
    auto made = Session::create(std::move(options), on_a_thread);
    EXPECT(made);
    int answers = 0;
    (*made)->load("", {}, [&](const Expected<ModelId> &answer) { EXPECT(answer), ++answers; });
    play(**made, [&] { return answers == 1; });
    return *std::move(made);
}

/// Loads a detector; an empty path is that of the demo model.
static Expected<void> detector(Session &game, const std::string &path) {
    std::optional<Expected<void>> outcome;
    const auto here = std::this_thread::get_id();
    game.load_detector(path, {}, [&](const Expected<void> &answer) {
        EXPECT(std::this_thread::get_id() == here);
        outcome = answer;
    });
    EXPECT(game.is_loading());
    play(game, [&] { return outcome.has_value(); });
    return *outcome;
}

struct Picture {
    std::uint32_t width = 0, height = 0;
    std::vector<char> rgb;
};

static Picture read(const char *path) {
    std::ifstream file(path, std::ios::binary);
    std::string magic;
    Picture picture;
    int most = 0;
    EXPECT(file >> magic >> picture.width >> picture.height >> most && magic == "P6" && most == 255);
    file.get();
    picture.rgb.resize(std::size_t{3} * picture.width * picture.height);
    EXPECT(file.read(picture.rgb.data(), static_cast<std::streamsize>(picture.rgb.size())));
    return picture;
}

/// The game with one feed: shows the picture, gives the frame.
struct Stage {
    Session &game;
    const Picture &picture;
    FrameReading frame{};
    int results = 0;
    std::shared_ptr<Feed> feed{};

    void open(StreamOptions options) {
        auto made = game.open(std::move(options), [this](const Result &result) {
            EXPECT(read_frame(result, frame));
            ++results;
        });
        EXPECT(made);
        feed = *made;
    }
    const FrameReading &look() {
        Pixels pixels = feed->take(picture.rgb.size());
        std::copy(picture.rgb.begin(), picture.rgb.end(), reinterpret_cast<char *>(pixels.data()));
        const Image image = Image::packed(PixelFormat::rgb8, picture.width, picture.height, nullptr);
        const int before = results;
        EXPECT(feed->submit(std::move(pixels), image.at(std::chrono::milliseconds(33 * results))));
        play(game, [&] { return results == before + 1; });
        return frame;
    }
};

static StreamOptions tracking() {
    StreamOptions options;
    options.tasks = Task::pose;
    options.detect.emplace();
    options.track.emplace();
    return options;
}

static void detectors(Session &game) {
    EXPECT(game.detector().code() == StatusCode::absent);
    EXPECT(detector(game, "/no/such.pth").code() == StatusCode::not_found && game.detector().code() == StatusCode::absent);
    EXPECT(detector(game, "") && game.detector()->name == "demo" && !game.is_loading());
}

static void somebody_is_followed(Session &game, const Picture &picture) {
    Stage stage{game, picture};
    StreamOptions options = tracking();
    options.detect->every_n = 3;
    options.filter.emplace();
    stage.open(std::move(options));
    for (std::uint32_t i = 0; i < 4; ++i) {
        const FrameReading &frame = stage.look();
        EXPECT(frame.code == StatusCode::ok && frame.people.size() == 1 && frame.detector_ran == (i % 3 == 0));
        const PersonReading &person = frame.people[0];
        EXPECT(person.who.id == 1 && person.who.state == TrackState::confirmed && person.who.age_frames == i + 1);
        EXPECT(person.who.origin == (frame.detector_ran ? BoxOrigin::detector : BoxOrigin::keypoints) && person.who.is_chosen);
        EXPECT(person.keypoints.size() == person.filtered.size() && !person.filtered.empty() && person.has_valid_points);
        EXPECT(person.bbox.width > 0 && person.who.score > 0.3F);
    }
    EXPECT(stage.feed->statistics()->detector_runs == 2 && stage.feed->close());
    EXPECT(stage.feed->expect_entry().code() == StatusCode::shut_down && stage.feed->set_people({}).code() == StatusCode::shut_down);
}

/// The same picture and the same box: the same points.
static void pointmaps_are_compared(Session &game, const Picture &picture) {
    Stage stage{game, picture};
    StreamOptions options = tracking();
    options.tasks = Task::pose | Task::pointmap;
    options.framing = Framing::crop;
    options.map_filter.emplace().maps = Task::pointmap;
    stage.open(std::move(options));
    for (int i = 0; i < 2; ++i) EXPECT(stage.look().people.size() == 1 && stage.frame.people[0].has_valid_points);
}

static void options_change(Session &game, const Picture &picture) {
    Stage stage{game, picture};
    StreamOptions options;
    options.tasks = Task::pose;
    stage.open(std::move(options));
    EXPECT(stage.look().people[0].who.id == 0 && stage.frame.people[0].filtered.empty());
    PeopleOptions people = tracking();
    people.detect->every_n = 100;
    EXPECT(stage.feed->set_people(people));
    EXPECT(stage.look().people[0].who.id == 1 && stage.frame.detector_ran);
    EXPECT(!stage.look().detector_ran && stage.feed->expect_entry());
    EXPECT(stage.look().detector_ran && stage.frame.people[0].who.id == 1);
    people.track.reset();
    EXPECT(stage.feed->set_people(people).code() == StatusCode::invalid_argument);
    people.detect.reset();
    EXPECT(stage.feed->set_people(people) && stage.look().people[0].who.state == TrackState::none);
}

static void nobody_is_no_fault(Session &game) {
    Picture black{96, 128, std::vector<char>(std::size_t{3} * 96 * 128)};
    Stage stage{game, black};
    stage.open(tracking());
    EXPECT(stage.look().code == StatusCode::ok && stage.frame.people.empty() && stage.frame.detector_ran);
}

/// The session ends while a detector is being loaded.
static void ends_while_loading() {
    auto game = session();
    game->load_detector("", {}, [](const Expected<void> &) { EXPECT(false); });
    EXPECT(game->close() && !game->is_loading() && game->detector().code() == StatusCode::shut_down);
    game->load_detector("", {}, [](const Expected<void> &) { EXPECT(false); });
}

int main(int count, char **arguments) {
    EXPECT(count == 2);
    const Picture picture = read(arguments[1]);
    auto game = session();
    detectors(*game);
    somebody_is_followed(*game, picture);
    pointmaps_are_compared(*game, picture);
    options_change(*game, picture);
    nobody_is_no_fault(*game);
    ends_while_loading();
    std::puts("ok");
}
