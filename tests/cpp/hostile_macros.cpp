// The header after what <windows.h>, X11, Unreal and Apple's headers define, and used under it. The standard headers come first:
// they are what these macros would break, not the header under test.
#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// <windows.h>
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define small char
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0L
#define DELETE (0x00010000L)
#define IGNORE 0
#define STRICT 1
#define CALLBACK
#define OPAQUE 2
#define ABSOLUTE 1
#define RELATIVE 2
#define TRANSPARENT 1
#define GetMessage GetMessageW
#define SendMessage SendMessageW
#define CreateWindow CreateWindowW
#define GetObject GetObjectW
#define DrawText DrawTextW
#define LoadImage LoadImageW
// X11
#define None 0L
#define Status int
#define Bool int
#define True 1
#define False 0
#define Success 0
#define Always 2
#define Complex 0
#define Convex 2
#define Expose 12
#define CurrentTime 0L
#define Unsorted 0
#define CursorShape 0
// Unreal Engine, Apple, <sys/types.h>, assert.h
#define check(expr) do { } while (0)
#define verify(expr) do { } while (0)
#define ensure(expr) (expr)
#define require(expr, label) do { } while (0)
#define TEXT(x) L##x
#define PI 3.14f
#define nil nullptr
#define YES 1
#define NO 0
#define major(device) ((device) >> 8)
#define minor(device) ((device) & 255)
#define assert(x)
#define linux 1
#define unix 1
// Qt
#define signals public
#define slots
#define emit
#define foreach for

#include "sapiens.hpp"

int main() {
    auto context = sapiens::Context::create();
    auto stream = context->create_stream();
    auto polled = stream->poll(sapiens::Wait::none());
    const bool timed_out = polled.code() == sapiens::StatusCode::timeout;
    return timed_out && sapiens::keypoint_infos().has_value() ? 0 : 1;
}
