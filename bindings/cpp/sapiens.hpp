// libsapiens for C++17: header-only, over the C interface of <sapiens.h>; link with the same library.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
//     auto context = sapiens::Context::create();
//     if (!context) return report(context.error().message);
//     if (auto model = context->load_demo(); !model) return report(model.error().message);
//     auto stream = context->create_stream();
//     stream->submit(sapiens::Image::packed(sapiens::PixelFormat::rgb8, width, height, pixels));
//     if (auto result = stream->poll(std::chrono::milliseconds(33))) {
//         if (auto pose = result->pose(0)) draw(pose->keypoints);
//     }
//
// Errors      Whatever can fail returns sapiens::Expected: a value or an Error of a StatusCode and a message that says
//             what would be right. Nothing here throws by itself, and -fno-exceptions -fno-rtti are welcome (memory that
//             runs out is the exception, as everywhere in std). For code with exceptions: define SAPIENS_EXCEPTIONS and
//             use or_throw(...), of sapiens/throw.hpp.
// Ownership   Context, Stream and Result are move-only and free what they hold. An empty or moved-from one is safe to
//             call: it answers StatusCode::invalid_argument. Streams may be destroyed before or after their context;
//             results outlive both. Views (MapView, Pose, std::string_view) say what they must not outlive.
// Threads     Every method may be called from any thread at any time; moving, assigning and destroying an object is, as
//             with std types, for one thread at a time while nobody else uses that object.
// Callbacks   std::function, kept alive by the library object it was given to. One that throws on the thread of the caller
//             (load, process_events) stops there and the exception leaves that call; on a thread of the library it
//             ends in std::terminate, as in a std::thread. Compiled without exceptions neither can happen.
// Text        UTF-8. Parameters are std::string_view and need no zero at the end.
// Units       As <sapiens.h>: pixels of the upright image, x right, y down; camera space in metres; times are std::chrono.
//
// Macros: SAPIENS_* only. SAPIENS_ABORT(message): what to do when value() is called without a value; set it, for all
// files of a program alike, before the first include. The default writes the message to stderr and calls std::abort().
#ifndef SAPIENS_HPP
#define SAPIENS_HPP

#include "sapiens/expected.hpp"
#include "sapiens/types.hpp"
#include "sapiens/image.hpp"
#include "sapiens/skeleton.hpp"
#include "sapiens/result.hpp"
#include "sapiens/stream.hpp"
#include "sapiens/context.hpp"
#ifdef SAPIENS_EXCEPTIONS
#include "sapiens/throw.hpp"
#endif

#endif // SAPIENS_HPP
