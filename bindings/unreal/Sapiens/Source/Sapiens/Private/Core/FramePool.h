// Pixel buffers that are used again: a camera makes no garbage. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sapiens::unreal {

class FramePool;

/// A buffer on loan from a pool, given back on destruction, on any thread; it may outlive the pool.
class Pixels {
public:
    Pixels() noexcept = default;
    Pixels(Pixels &&) noexcept = default;
    Pixels &operator=(Pixels &&other) noexcept {
        give_back();
        pool_ = std::move(other.pool_);
        bytes_ = std::move(other.bytes_);
        return *this;
    }
    ~Pixels() { give_back(); }

    std::uint8_t *data() noexcept { return bytes_.data(); }
    const std::uint8_t *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }

private:
    friend class FramePool;
    Pixels(std::weak_ptr<FramePool> pool, std::vector<std::uint8_t> bytes) noexcept
        : pool_(std::move(pool)), bytes_(std::move(bytes)) {}
    inline void give_back() noexcept;

    std::weak_ptr<FramePool> pool_;
    std::vector<std::uint8_t> bytes_;
};

class FramePool : public std::enable_shared_from_this<FramePool> {
public:
    /// `most`: buffers kept for later; more may be on loan.
    static std::shared_ptr<FramePool> create(std::size_t most) { return std::shared_ptr<FramePool>(new FramePool(most)); }

    /// A buffer of that size; what is in it is left from before.
    Pixels take(std::size_t size) {
        std::vector<std::uint8_t> bytes;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!free_.empty()) {
                bytes = std::move(free_.back());
                free_.pop_back();
            }
            if (bytes.capacity() < size) ++allocations_;
        }
        bytes.resize(size);
        return Pixels(weak_from_this(), std::move(bytes));
    }

    /// How often memory had to be asked for: stands still in steady state.
    std::size_t allocations() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return allocations_;
    }

private:
    friend class Pixels;
    explicit FramePool(std::size_t most) : most_(most) { free_.reserve(most); }
    void accept(std::vector<std::uint8_t> bytes) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (free_.size() < most_) free_.push_back(std::move(bytes)); // within what was reserved
    }

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::vector<std::vector<std::uint8_t>> free_;
    std::size_t allocations_ = 0;
};

inline void Pixels::give_back() noexcept {
    const auto pool = pool_.lock();
    pool_.reset();
    if (pool && bytes_.capacity() > 0) pool->accept(std::move(bytes_));
    bytes_.clear();
}

} // namespace sapiens::unreal
