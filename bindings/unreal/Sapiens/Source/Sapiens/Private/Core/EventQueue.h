// What other threads have for the game thread. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace sapiens::unreal {

/// Events in the order they were posted, run where run() is called. Hold it by shared_ptr while an event may destroy the owner.
class EventQueue {
public:
    using Event = std::function<void()>;

    /// From any thread. False when closed: the event is dropped.
    bool post(Event event) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) return false;
        events_.push_back(std::move(event));
        return true;
    }

    /// Runs what was posted before this call; what events post waits for the next. Gives how many ran.
    std::size_t run() {
        std::vector<Event> now;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            now.swap(events_);
        }
        std::size_t count = 0;
        for (Event &event : now) {
            if (is_closed()) break; // by an event before it
            event();
            ++count;
        }
        return count;
    }

    /// Drops what waits and refuses what comes.
    void close() {
        std::vector<Event> dropped; // destroyed outside the lock: what an event owns may post
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        dropped.swap(events_);
    }

    bool is_closed() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return closed_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
    bool closed_ = false;
};

} // namespace sapiens::unreal
