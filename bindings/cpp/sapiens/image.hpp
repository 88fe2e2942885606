// Pictures of the host, what is asked about them, and memory that it wants maps in. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_IMAGE_HPP
#define SAPIENS_IMAGE_HPP

#include "types.hpp"

namespace sapiens {

/// Order of the bytes of a pixel, 8 bits per channel. NV12: a plane of Y, and one of interleaved U, V at half the size.
enum class PixelFormat : std::int32_t {
    rgb8 = SAPIENS_PIXEL_FORMAT_RGB8,
    bgr8 = SAPIENS_PIXEL_FORMAT_BGR8,
    rgba8 = SAPIENS_PIXEL_FORMAT_RGBA8,
    bgra8 = SAPIENS_PIXEL_FORMAT_BGRA8,
    gray8 = SAPIENS_PIXEL_FORMAT_GRAY8,
    nv12 = SAPIENS_PIXEL_FORMAT_NV12,
};

/// How Y, U, V become R, G, B; for NV12 only.
enum class YuvColor : std::int32_t {
    not_yuv = SAPIENS_COLOR_NONE,
    bt601_limited = SAPIENS_COLOR_BT601_LIMITED,
    bt601_full = SAPIENS_COLOR_BT601_FULL,
    bt709_limited = SAPIENS_COLOR_BT709_LIMITED,
    bt709_full = SAPIENS_COLOR_BT709_FULL,
};

/// What must be done to the buffer to see the picture upright; the values of EXIF's Orientation.
enum class Orientation : std::int32_t {
    normal = SAPIENS_ORIENTATION_NORMAL,
    flip_horizontal = SAPIENS_ORIENTATION_FLIP_HORIZONTAL,
    rotate180 = SAPIENS_ORIENTATION_ROTATE180,
    flip_vertical = SAPIENS_ORIENTATION_FLIP_VERTICAL,
    transpose = SAPIENS_ORIENTATION_TRANSPOSE,
    rotate90 = SAPIENS_ORIENTATION_ROTATE90,
    transverse = SAPIENS_ORIENTATION_TRANSVERSE,
    rotate270 = SAPIENS_ORIENTATION_ROTATE270,
};

/// Where memory lies. This version reads and writes memory of the processor and of CUDA devices.
enum class Memory : std::int32_t {
    cpu = SAPIENS_MEMORY_CPU,
    cuda = SAPIENS_MEMORY_CUDA,
    vulkan = SAPIENS_MEMORY_VULKAN,
    d3d12 = SAPIENS_MEMORY_D3D12,
    metal = SAPIENS_MEMORY_METAL,
};

/// Bytes of one pixel, of the Y plane for NV12.
constexpr std::int64_t bytes_per_pixel(PixelFormat format) noexcept {
    switch (format) {
    case PixelFormat::rgb8:
    case PixelFormat::bgr8: return 3;
    case PixelFormat::rgba8:
    case PixelFormat::bgra8: return 4;
    case PixelFormat::gray8:
    case PixelFormat::nv12: return 1;
    }
    return 0;
}

/// A picture of the host: a description of memory it does not own. The memory is read during Stream::submit, or until the
/// release callback of Stream::submit_borrowed.
struct Image {
    PixelFormat format = PixelFormat::rgb8;
    /// Pixels per row, and rows, of the buffer.
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    /// The first row of the picture, and the bytes from one row to the next; negative where the picture is stored bottom up.
    const void *data = nullptr;
    std::int64_t row_stride = 0;
    /// NV12: the plane of U, V.
    const void *chroma = nullptr;
    std::int64_t chroma_stride = 0;
    YuvColor color = YuvColor::not_yuv;
    Orientation orientation = Orientation::normal;
    Memory memory = Memory::cpu;
    Timestamp timestamp{0};
    /// Memory::cuda: the CUevent behind the work that writes the pixels; without one, the CUstream that this work is in (nullptr: the
    /// legacy default stream).
    void *stream = nullptr;
    void *event = nullptr;

    /// Rows one after the other without gaps. Not for NV12.
    static constexpr Image packed(PixelFormat format, std::uint32_t width, std::uint32_t height, const void *data) noexcept {
        return strided(format, width, height, data, bytes_per_pixel(format) * width);
    }
    static constexpr Image strided(PixelFormat format, std::uint32_t width, std::uint32_t height, const void *data,
                                   std::int64_t row_stride) noexcept {
        Image image;
        image.format = format;
        image.width = width;
        image.height = height;
        image.data = data;
        image.row_stride = row_stride;
        return image;
    }
    static constexpr Image nv12(std::uint32_t width, std::uint32_t height, const void *luma, std::int64_t luma_stride,
                                const void *chroma, std::int64_t chroma_stride, YuvColor color) noexcept {
        Image image = strided(PixelFormat::nv12, width, height, luma, luma_stride);
        image.chroma = chroma;
        image.chroma_stride = chroma_stride;
        image.color = color;
        return image;
    }

    /// The same picture with its time, or turned: Image::packed(...).at(now).turned(Orientation::rotate90).
    constexpr Image at(Timestamp time) const noexcept {
        Image image = *this;
        image.timestamp = time;
        return image;
    }
    constexpr Image turned(Orientation how) const noexcept {
        Image image = *this;
        image.orientation = how;
        return image;
    }

    /// The same description of pixels on a CUDA device: `data` is a CUdeviceptr. They are read when `written` has come, or without one
    /// when everything is done that is in `queue` at the submit.
    constexpr Image on_cuda(void *queue, void *written = nullptr) const noexcept {
        Image image = *this;
        image.memory = Memory::cuda;
        image.stream = queue;
        image.event = written;
        return image;
    }

    /// As the C interface takes it.
    SapiensImage c_image() const noexcept {
        SapiensImage image = SAPIENS_IMAGE_INIT;
        image.format = static_cast<std::int32_t>(format);
        image.width = width;
        image.height = height;
        image.memory = static_cast<std::int32_t>(memory);
        image.orientation = static_cast<std::int32_t>(orientation);
        image.color = static_cast<std::int32_t>(color);
        image.row_stride = row_stride;
        image.chroma_stride = chroma_stride;
        image.data = data;
        image.chroma = chroma;
        image.timestamp_ns = timestamp.count();
        image.stream = stream;
        image.event = event;
        return image;
    }
};

/// Where Result::copy_map puts a map: rows of width * channels elements.
struct MapTarget {
    /// The first row, the bytes from one row to the next (negative: `data` is the last row in memory), and the bytes that may be written.
    void *data = nullptr;
    std::int64_t row_stride = 0;
    std::uint64_t size = 0;
    Memory memory = Memory::cpu;
    /// The steadied map.
    bool filtered = false;
    /// Memory::cuda: a CUstream that the copy is put into, without waiting; the result must be kept until it is done. nullptr: it is done
    /// when the call returns. And a CUevent that is recorded behind it, or nullptr.
    void *stream = nullptr;
    void *event = nullptr;
};

/// What is asked about a frame.
struct SubmitOptions {
    /// Tasks that may run on this frame; none named: those of the stream.
    Tasks tasks;
    /// One box per person, copied by the call; none: the whole image is one person.
    Span<const Box> boxes;
    /// Every task asked for runs on this frame, whatever its cadence and the budget say.
    bool ignore_cadence = false;
};

} // namespace sapiens

#endif // SAPIENS_IMAGE_HPP
