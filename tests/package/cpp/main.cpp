// One frame through the package, from C++17.
#include <sapiens.h>
#if __has_include(<sapiens.hpp>)
#include <sapiens.hpp>
#endif

#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace {

struct DestroyContext {
    void operator()(SapiensContext *context) const { sapiens_context_destroy(&context); }
};

struct ReleaseResult {
    void operator()(SapiensResult *result) const { sapiens_result_release(&result); }
};

bool is_ok(SapiensStatus status, const char *what) {
    if (status == SAPIENS_STATUS_OK) {
        return true;
    }
    std::fprintf(stderr, "%s: status %d: %s\n", what, static_cast<int>(status), sapiens_last_error());
    return false;
}

} // namespace

int main() {
    constexpr std::uint32_t width = 96, height = 128;
    const std::vector<std::uint8_t> pixels(width * height * 4, 90);

    SapiensContext *made = nullptr;
    if (!is_ok(sapiens_context_create(nullptr, &made), "context")) {
        return 1;
    }
    const std::unique_ptr<SapiensContext, DestroyContext> context(made);
    SapiensStream *stream = nullptr; // freed with its context
    SapiensRuntimeInfo runtime = SAPIENS_RUNTIME_INFO_INIT;
    if (!is_ok(sapiens_context_runtime(made, &runtime), "runtime") ||
        !is_ok(sapiens_context_load(made, nullptr, nullptr, nullptr), "load") ||
        !is_ok(sapiens_stream_create(made, nullptr, &stream), "stream")) {
        return 1;
    }

    SapiensImage image = SAPIENS_IMAGE_INIT;
    image.format = SAPIENS_PIXEL_FORMAT_BGRA8;
    image.width = width;
    image.height = height;
    image.row_stride = width * 4;
    image.data = pixels.data();
    SapiensResult *raw = nullptr;
    if (!is_ok(sapiens_stream_submit(stream, &image, nullptr, 0, nullptr), "submit") ||
        !is_ok(sapiens_stream_poll(stream, 120000, &raw), "poll")) {
        return 1;
    }
    const std::unique_ptr<SapiensResult, ReleaseResult> result(raw);
    SapiensMap map = SAPIENS_MAP_INIT;
    if (!is_ok(sapiens_result_map(raw, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &map), "normals") || map.data == nullptr) {
        return 1;
    }
    std::printf("runtime %s\n", runtime.path);
    return 0;
}
