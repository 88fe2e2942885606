// With exceptions: or_throw, and callbacks that throw on the thread of the caller.
#define SAPIENS_EXCEPTIONS
#include "sapiens.hpp"

#include "expect.hpp"

#include <cstring>

using namespace sapiens;

int main() {
    try {
        static_cast<void>(or_throw(Context().load_demo()));
        EXPECT(!"or_throw came back");
    } catch (const Exception &exception) {
        EXPECT(exception.code() == StatusCode::invalid_argument && std::strlen(exception.what()) > 0);
    }
    Context context = or_throw(Context::create());

    LoadOptions thrower;
    thrower.on_progress = [](std::string_view, std::uint64_t, std::uint64_t) -> bool { throw 42; };
    try {
        static_cast<void>(context.load_demo(thrower));
        EXPECT(!"the exception was lost");
    } catch (int number) {
        EXPECT(number == 42);
    }
    or_throw(context.load_demo()); // the stopped load has left nothing behind

    int calls = 0;
    StreamOptions options;
    options.delivery = Delivery::events;
    options.on_result = [&](Result) { throw std::runtime_error("frame " + std::to_string(++calls)); };
    Stream stream = or_throw(context.create_stream(std::move(options)));
    const std::vector<std::uint8_t> pixels(64 * 64 * 3, 100);
    for (int i = 0; i < 2; ++i) or_throw(stream.submit(Image::packed(PixelFormat::rgb8, 64, 64, pixels.data())));
    or_throw(stream.flush(Wait::forever()));
    try {
        or_throw(context.process_events());
        EXPECT(!"the exception was lost");
    } catch (const std::runtime_error &first) {
        EXPECT(std::strcmp(first.what(), "frame 1") == 0 && calls == 2);
    }
    or_throw(context.process_events());
    EXPECT(calls == 2);
    return 0;
}
