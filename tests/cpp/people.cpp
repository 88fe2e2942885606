// People through the C++ header: the detector, ids that last, raw and steadied keypoints and maps, options that change at work.
// Argument: a photo of a person.
#include "sapiens.hpp"

#include "expect.hpp"

#include <cmath>
#include <thread>

using namespace sapiens;
using namespace std::chrono_literals;

static Context demo() {
    ContextOptions options;
    options.threads = 1;
    auto context = Context::create(std::move(options));
    EXPECT(context && context->load_demo());
    return *std::move(context);
}

static StreamOptions tracking() {
    StreamOptions options;
    options.tasks = Task::pose;
    options.detect = DetectOptions{};
    options.track = TrackOptions{};
    return options;
}

static Result look(Stream &stream, const char *photo) {
    EXPECT(stream.submit_file(photo, {}, 60s));
    auto result = stream.poll(Wait::forever());
    EXPECT(result && result->info()->code == StatusCode::ok);
    return *std::move(result);
}

static void a_detector_comes_and_goes(Context &context) {
    EXPECT(context.detector().code() == StatusCode::absent);
    EXPECT(context.load_detector("/no/such.pth").code() == StatusCode::not_found);
    EXPECT(context.load_detector({"a\0b", 3}).code() == StatusCode::invalid_argument);
    EXPECT(context.load_demo_detector() && context.detector()->name == "demo" && context.detector()->input_width > 0);
}

static void somebody_is_followed(Context &context, const char *photo) {
    StreamOptions options = tracking();
    options.detect->every_n = 3;
    options.track->policy = PersonPolicy::largest;
    options.track->person_count = 1;
    options.filter.emplace().hold_ms = 100;
    auto stream = context.create_stream(std::move(options));
    EXPECT(stream);
    for (std::uint32_t i = 0; i < 4; ++i) {
        const Result result = look(*stream, photo);
        const auto info = result.info();
        EXPECT(info->person_count == 1 && info->detector_ran == (i % 3 == 0));
        const auto person = result.person(0);
        EXPECT(person->id == 1 && person->state == TrackState::confirmed && person->is_chosen && person->age_frames == i + 1);
        EXPECT(person->origin == (info->detector_ran ? BoxOrigin::detector : BoxOrigin::keypoints) && person->box_index == -1);
        EXPECT(person->score > 0.3F && person->sightings == i + 1 && person->unseen == 0ns && person->estimate.height > 0);
        const auto raw = result.pose(0), calm = result.filtered_pose(0);
        EXPECT(raw && calm && raw->keypoints.size() == calm->keypoints.size() && &raw->keypoints[0] != &calm->keypoints[0]);
        EXPECT(raw->keypoints[0].score == calm->keypoints[0].score && raw->timestamp == calm->timestamp);
        EXPECT(result.json()->find("\"filtered\": [") != std::string_view::npos);
    }
    const auto statistics = stream->statistics();
    EXPECT(statistics->tracks == 1 && statistics->detector_runs == 2 && statistics->detect_time > 0ms);
}

static void maps_are_steadied(Context &context, const char *photo) {
    StreamOptions options = tracking();
    options.tasks = Task::pose | Task::normal | Task::pointmap;
    options.framing = Framing::crop;
    options.batch_memory = 1;
    EXPECT(options.regions == Regions::whole);
    options.map_filter.emplace().maps = Task::normal | Task::pointmap;
    auto stream = context.create_stream(std::move(options));
    EXPECT(stream);
    for (int i = 0; i < 2; ++i) {
        const Result result = look(*stream, photo);
        for (const MapKind kind : {MapKind::normals, MapKind::points}) {
            const auto raw = result.map(0, kind), calm = result.filtered_map(0, kind);
            EXPECT(raw && calm && raw->width() == calm->width() && raw->timestamp() == calm->timestamp());
            EXPECT(raw->c_map().data != calm->c_map().data && raw->image_from_map()(3, 4).x == calm->image_from_map()(3, 4).x);
        }
        EXPECT(result.filtered_map(0, MapKind::labels).code() == StatusCode::absent);
        const auto check = result.points_check(0);
        EXPECT(check && check->is_valid && check->agreement == (i == 0 ? Agreement::first : Agreement::agrees));
        EXPECT(check->factor > 0.9F && check->factor < 1.1F && check->age_frames == 0);
        EXPECT(result.points_check(scene).code() == StatusCode::absent && result.points_check(7).error().is_fault());
    }
}

static void options_change_at_work(Context &context, const char *photo) {
    StreamOptions options;
    options.tasks = Task::pose;
    auto stream = context.create_stream(std::move(options));
    EXPECT(look(*stream, photo).person(0)->origin == BoxOrigin::image);
    PeopleOptions people = tracking();
    people.detect->every_n = 100;
    EXPECT(stream->set_people(people));
    EXPECT(look(*stream, photo).person(0)->id == 1);
    EXPECT(stream->expect_entry());
    const Result again = look(*stream, photo);
    EXPECT(again.info()->detector_ran);
    people.track->max_people = 5000;
    EXPECT(stream->set_people(people).error().message.find("max_people 5000") != std::string::npos);
    people.track.reset();
    EXPECT(stream->set_people(people).code() == StatusCode::invalid_argument); // a cadence needs tracks
    EXPECT(stream->set_people({}));
    EXPECT(look(*stream, photo).person(0)->state == TrackState::none);
    EXPECT(stream->close() && stream->expect_entry().error().is_fault());
}

static void what_is_missing_is_said(Context &context, const char *photo) {
    EXPECT(context.unload_detector() && context.detector().code() == StatusCode::absent);
    auto stream = context.create_stream(tracking());
    EXPECT(stream->submit_file(photo));
    const auto result = stream->poll(Wait::forever());
    EXPECT(result->info()->code == StatusCode::unsupported && result->info()->message.find("no detector") != std::string_view::npos);
    StreamOptions odd;
    odd.filter.emplace();
    EXPECT(context.create_stream(std::move(odd)).error().message.find("needs options->track") != std::string::npos);
}

int main(int count, char **arguments) {
    EXPECT(count == 2);
    Context context = demo();
    a_detector_comes_and_goes(context);
    somebody_is_followed(context, arguments[1]);
    maps_are_steadied(context, arguments[1]);
    options_change_at_work(context, arguments[1]);
    what_is_missing_is_said(context, arguments[1]);
    return 0;
}
