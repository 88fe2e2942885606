// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Feed.h"

namespace sapiens::unreal {

Expected<std::shared_ptr<Feed>> Feed::open(Context &context, StreamOptions options,
                                           std::function<void(const Result &)> listener) {
    if (!listener) return Error{StatusCode::invalid_argument, "listener is empty; pass a function that takes results"};
    options.delivery = Delivery::events;
    auto is_muted = std::make_shared<std::atomic<bool>>(false);
    options.on_result = [listener = std::move(listener), is_muted](Result result) {
        if (!*is_muted) listener(result);
    };
    // Those that wait, the one in work and the one being filled.
    const std::size_t buffers = std::size_t{options.depth} + 2;
    auto stream = context.create_stream(std::move(options));
    if (!stream) return stream.error();
    return std::shared_ptr<Feed>(new Feed(*std::move(stream), buffers, std::move(is_muted)));
}

Expected<FrameId> Feed::submit(Pixels pixels, Image picture, const SubmitOptions &options) {
    const bool is_planar = picture.format == PixelFormat::nv12;
    const std::int64_t row = bytes_per_pixel(picture.format) * picture.width;
    const auto size = static_cast<std::int64_t>(pixels.size());
    const bool is_short = picture.height > 0 && picture.row_stride > size / picture.height;
    if (is_planar || picture.row_stride < row || is_short) {
        return Error{StatusCode::invalid_argument,
                     "picture: a buffer of " + std::to_string(pixels.size()) + " bytes does not hold " +
                         std::to_string(picture.height) + " rows of " + std::to_string(picture.row_stride) +
                         " bytes; give packed pixels, a stride of at least " + std::to_string(row) + " and all rows"};
    }
    picture.data = pixels.data(); // stays where it is when the buffer is moved
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!stream_) return closed();
    return stream_.submit_borrowed(picture, [held = std::move(pixels)](FrameId) mutable { held = Pixels(); }, options);
}

Expected<void> Feed::cancel() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stream_ ? stream_.cancel(all_frames) : Expected<void>(closed());
}

Expected<void> Feed::set_task(Task task, const TaskOptions &options) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stream_ ? stream_.set_task(task, options) : Expected<void>(closed());
}

Expected<void> Feed::set_people(const PeopleOptions &options) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stream_ ? stream_.set_people(options) : Expected<void>(closed());
}

Expected<void> Feed::expect_entry() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stream_ ? stream_.expect_entry() : Expected<void>(closed());
}

Expected<Statistics> Feed::statistics() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stream_ ? stream_.statistics() : Expected<Statistics>(closed());
}

Expected<void> Feed::close() {
    Stream ending;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ending.swap(stream_);
    }
    return ending ? ending.close() : Expected<void>();
}

bool Feed::is_open() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<bool>(stream_);
}

Error Feed::closed() { return {StatusCode::shut_down, "the stream is closed; start it again"}; }

} // namespace sapiens::unreal
