// What needs no model: expected values, spans, waits, affine maps, image descriptions, the tables, empty objects.
#define SAPIENS_ABORT(message) aborted(message)
[[noreturn]] void aborted(const char *message);

#include "sapiens.hpp"

#include "expect.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

using namespace sapiens;
using namespace std::chrono_literals;

static const char *expected_abort = nullptr;
void aborted(const char *message) {
    // The hook is the last step of the program: it ends well if it was meant to come.
    EXPECT(expected_abort != nullptr && std::strstr(message, expected_abort) != nullptr);
    std::exit(0);
}

static_assert(!std::is_copy_constructible_v<Context> && std::is_nothrow_move_constructible_v<Context>);
static_assert(!std::is_copy_constructible_v<Stream> && std::is_nothrow_move_assignable_v<Stream>);
static_assert(!std::is_copy_constructible_v<Result> && std::is_nothrow_move_constructible_v<Result>);
static_assert(!std::is_convertible_v<Expected<int>, bool>, "as a condition only");
static_assert(!std::is_constructible_v<Span<int>, const std::vector<int> &>, "const is kept");
static_assert(std::is_constructible_v<Span<const int>, Span<int>>);

static void expected() {
    Expected<std::string> good = std::string("good");
    EXPECT(good && good.code() == StatusCode::ok && *good == "good" && good->size() == 4);
    Expected<std::string> bad = Error{StatusCode::io, "bad"};
    EXPECT(!bad && bad.code() == StatusCode::io && bad.error().message == "bad" && bad.error().is_fault());
    EXPECT(std::move(bad).value_or("other") == "other");
    const std::string moved = std::move(good).value();
    EXPECT(moved == "good");
    EXPECT(Expected<void>() && Expected<void>().code() == StatusCode::ok);
    const Error late{StatusCode::timeout, "timeout"};
    EXPECT(!Expected<void>(late) && !late.is_fault());
    EXPECT(name(StatusCode::corrupt_model) == "corrupt model");
}

static void spans() {
    std::vector<int> numbers{1, 2, 3};
    const Span<int> writable(numbers);
    const Span<const int> readable(writable);
    EXPECT(readable.size() == 3 && readable[2] == 3 && readable.data() == numbers.data());
    int sum = 0;
    for (const int number : readable) sum += number;
    EXPECT(sum == 6 && Span<const int>().empty());
    const int array[] = {4, 5};
    EXPECT(Span<const int>(array).size() == 2);
#ifdef __cpp_lib_span
    const std::span<const int> standard = readable;
    const Span<const int> back = standard;
    EXPECT(standard.size() == 3 && back.data() == numbers.data());
#endif
}

static void waits() {
    EXPECT(Wait::none().milliseconds() == 0 && Wait::forever().milliseconds() == SAPIENS_WAIT_FOREVER);
    EXPECT(Wait(33ms).milliseconds() == 33 && Wait(2s).milliseconds() == 2000);
    EXPECT(Wait(1ns).milliseconds() == 1 && Wait(1500us).milliseconds() == 2); // never shorter than asked
    EXPECT(Wait(-5s).milliseconds() == 0);
    EXPECT(Wait((std::chrono::hours::max)()).milliseconds() == SAPIENS_WAIT_FOREVER - 1);
    EXPECT(Wait(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).milliseconds() == 0);
}

static void images() {
    const unsigned char pixels[4 * 6] = {};
    const Image image = Image::packed(PixelFormat::bgra8, 3, 2, pixels).at(40ms).turned(Orientation::rotate90);
    const SapiensImage c = image.c_image();
    EXPECT(c.struct_size == sizeof(SapiensImage) && c.width == 3 && c.height == 2 && c.row_stride == 12);
    EXPECT(c.format == SAPIENS_PIXEL_FORMAT_BGRA8 && c.orientation == SAPIENS_ORIENTATION_ROTATE90);
    EXPECT(c.timestamp_ns == 40'000'000 && c.data == pixels && c.chroma == nullptr && c.color == SAPIENS_COLOR_NONE);
    EXPECT(Image::packed(PixelFormat::rgb8, 5, 1, pixels).row_stride == 15);
    EXPECT(Image::packed(PixelFormat::gray8, 5, 1, pixels).row_stride == 5);
    const SapiensImage nv12 = Image::nv12(4, 4, pixels, 4, pixels + 16, 4, YuvColor::bt709_full).c_image();
    int stream = 0, event = 0; // only their addresses
    const SapiensImage there_already = image.on_cuda(&stream, &event).c_image();
    EXPECT(there_already.memory == SAPIENS_MEMORY_CUDA && there_already.stream == &stream && there_already.event == &event);
    EXPECT(c.memory == SAPIENS_MEMORY_CPU && c.stream == nullptr && c.event == nullptr);
    EXPECT(nv12.chroma == pixels + 16 && nv12.chroma_stride == 4 && nv12.color == SAPIENS_COLOR_BT709_FULL);

    const Affine affine{{2, 0.5, 10, -1, 3, 20}};
    const Point there = affine(7, 11), back = affine.inverse()(there.x, there.y);
    EXPECT(there.x == 29.5 && there.y == 46);
    EXPECT(std::abs(back.x - 7) < 1e-12 && std::abs(back.y - 11) < 1e-12);
    const Tasks tasks = Task::pose | Task::seg;
    EXPECT(tasks.contains(Task::seg) && !tasks.contains(Task::albedo) && (tasks & Task::seg) == Tasks(Task::seg));
    EXPECT(name(Task::pose) == "pose");
}

static void maps() {
    std::array<float, 2 * 3 * 2> planes{}; // two channels, plane by plane, of 3 x 2 pixels
    for (std::size_t i = 0; i < planes.size(); ++i) planes[i] = static_cast<float>(i);
    SapiensMap c = SAPIENS_MAP_INIT;
    c.element = SAPIENS_ELEMENT_F32;
    c.width = 3, c.height = 2, c.channels = 2;
    c.data = planes.data();
    c.row_stride = 12, c.pixel_stride = 4, c.channel_stride = 24;
    c.image_from_map[0] = 4, c.image_from_map[4] = 4, c.image_from_map[2] = 1.5, c.image_from_map[5] = -2;
    const MapView by_planes(c);
    EXPECT(by_planes.at<float>(2, 1, 0) == 5 && by_planes.at<float>(0, 0, 1) == 6 && by_planes.at<float>(2, 1, 1) == 11);
    EXPECT(by_planes.row<float>(0).empty());
    EXPECT(by_planes.image_from_map(1, 2).x == 5.5 && by_planes.image_from_map(1, 2).y == 6);
    c.pixel_stride = 8, c.channel_stride = 4, c.row_stride = 24;
    const MapView interleaved(c);
    EXPECT(interleaved.row<float>(1).size() == 6 && interleaved.row<float>(1)[5] == 11);
    EXPECT(interleaved.row<std::uint8_t>(1).empty() && !interleaved.holds<std::uint8_t>() && interleaved.holds<float>());
    EXPECT(interleaved.at<float>(1, 1, 1) == 9);
}

static void keypoints() {
    struct Newer { // of a library that knows more about a keypoint
        Keypoint keypoint;
        float more;
    };
    const Newer newer[] = {{{1, 2, 3}, 0}, {{4, 5, 6}, 0}};
    const Keypoints points(&newer[0].keypoint, 2, sizeof(Newer));
    EXPECT(points[1].x == 4);
    float sum = 0;
    for (const Keypoint &point : points) sum += point.score;
    EXPECT(sum == 9 && points.size() == 2 && Keypoints().begin() == Keypoints().end());
}

static void tables() {
    const auto infos = keypoint_infos();
    const auto links = link_infos();
    const auto classes = class_infos();
    const auto coco = keypoint_infos(17);
    EXPECT(coco && coco->size() == 17 && link_infos(17)->size() == 19 && class_infos(28)->size() == 28);
    EXPECT(keypoint_infos(5).code() == StatusCode::absent && *keypoint_counterpart(17, 0, 133) == 0);
    EXPECT(infos && links && classes && !infos->empty() && !links->empty() && !classes->empty());
    for (const KeypointInfo &info : *infos) {
        EXPECT(!info.name.empty() && info.sigma > 0);
        EXPECT(&(*infos)[(*infos)[info.flip].flip] == &info);
    }
    for (const LinkInfo &link : *links) EXPECT(link.from < infos->size() && link.to < infos->size());
    for (const ClassInfo &info : *classes) EXPECT(!info.name.empty() && info.flip < classes->size());
    const Version library = library_version();
    EXPECT(library.major_number == header_version.major_number && library.minor_number == header_version.minor_number);
    EXPECT(!build_info().empty());
}

static void empty_objects() {
    Context context;
    Stream stream;
    Result result;
    EXPECT(!context && !stream && !result);
    EXPECT(context.load_demo().code() == StatusCode::invalid_argument);
    EXPECT(context.models().code() == StatusCode::invalid_argument);
    EXPECT(context.create_stream().code() == StatusCode::invalid_argument);
    EXPECT(context.process_events().code() == StatusCode::invalid_argument);
    EXPECT(stream.submit(Image{}).code() == StatusCode::invalid_argument);
    EXPECT(stream.poll(Wait::forever()).code() == StatusCode::invalid_argument);
    EXPECT(stream.statistics().code() == StatusCode::invalid_argument);
    EXPECT(result.info().code() == StatusCode::invalid_argument && !result.share());
    EXPECT(result.map(scene, MapKind::labels).code() == StatusCode::invalid_argument);
    EXPECT(!result.info().error().message.empty());
    EXPECT(context.close() && stream.close());
}

int main() {
    expected();
    spans();
    waits();
    images();
    maps();
    keypoints();
    tables();
    empty_objects();
    expected_abort = "disk on fire";
    Expected<int> failed = Error{StatusCode::io, "disk on fire"};
    *failed += 1;
    EXPECT(!"value() went on without a value");
}
