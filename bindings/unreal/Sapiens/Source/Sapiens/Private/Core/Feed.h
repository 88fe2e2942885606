// One source of pictures: frames in from the render thread, results out on the game thread. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "FramePool.h"

#include "Library.h"

#include <atomic>

namespace sapiens::unreal {

/// A stream of the library that may be closed on one thread while another submits.
class Feed {
public:
    /// `listener`: gets results inside Session::pump, never after close(). Delivery of `options` is set to events.
    static Expected<std::shared_ptr<Feed>> open(Context &context, StreamOptions options,
                                                std::function<void(const Result &)> listener);
    ~Feed() { static_cast<void>(close()); }
    Feed(const Feed &) = delete;
    Feed &operator=(const Feed &) = delete;

    /// A buffer to fill and submit.
    Pixels take(std::size_t size) { return pool_->take(size); }

    /// Takes a frame without waiting and without a copy: the buffer returns to the pool when the library is done with it, and
    /// at once if the answer is an error. `picture.data` is set to the buffer, which must hold the rows it describes.
    Expected<FrameId> submit(Pixels pixels, Image picture, const SubmitOptions &options = {});

    /// Takes back every frame that waits or is in work.
    Expected<void> cancel();
    Expected<void> set_task(Task task, const TaskOptions &options);
    /// Changes what is done about people, from the next frame that is worked on.
    Expected<void> set_people(const PeopleOptions &options);
    /// Somebody may have come in: a detector that rests looks at the next frame.
    Expected<void> expect_entry();
    Expected<Statistics> statistics() const;

    /// Game thread: the listener is not called any more, although frames may still be in work.
    void mute() noexcept { *is_muted_ = true; }
    /// Ends it: waits for the frame in work, drops what waits. Later calls answer `shut_down`.
    Expected<void> close();
    bool is_open() const;
    /// See FramePool::allocations.
    std::size_t allocations() const { return pool_->allocations(); }

private:
    Feed(Stream stream, std::size_t depth, std::shared_ptr<std::atomic<bool>> is_muted)
        : pool_(FramePool::create(depth)), is_muted_(std::move(is_muted)), stream_(std::move(stream)) {}
    static Error closed();

    std::shared_ptr<FramePool> pool_;
    std::shared_ptr<std::atomic<bool>> is_muted_;
    mutable std::mutex mutex_; // around stream_, which is moved out to be closed
    Stream stream_;
};

} // namespace sapiens::unreal
