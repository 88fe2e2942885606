// Dense maps as the pixels of textures. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Reading.h"

#include <cmath>
#include <cstring>

namespace sapiens::unreal {

namespace {

std::uint8_t byte_of(float share) noexcept {
    if (!(share > 0)) return 0; // also for NaN
    return share >= 1 ? std::uint8_t{255} : static_cast<std::uint8_t>(share * 255 + 0.5F);
}

using Rgba = std::array<float, 4>;

/// A pixel of a map as values: channels beyond the first repeat a single one; directions and points change their axes.
Rgba values_of(MapKind kind, const float *pixel, std::uint32_t channels) {
    // Of the maps with one channel only depth has places without a value.
    if (channels == 1) return {pixel[0], pixel[0], pixel[0], std::isfinite(pixel[0]) ? 1.0F : 0.0F};
    const bool is_finite = std::isfinite(pixel[0]) && std::isfinite(pixel[1]) && std::isfinite(pixel[2]);
    if (!is_finite) return {0, 0, 0, 0};
    if (kind != MapKind::normals && kind != MapKind::points) return {pixel[0], pixel[1], pixel[2], 1};
    const bool is_nothing = kind == MapKind::normals && pixel[0] == 0 && pixel[1] == 0 && pixel[2] == 0;
    const Vector camera{pixel[0], pixel[1], pixel[2]};
    const Vector v = kind == MapKind::points ? position_to_unreal(camera) : direction_to_unreal(camera);
    return {static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z), is_nothing ? 0.0F : 1.0F};
}

void write_picture(const Rgba &values, MapKind kind, std::uint8_t *to) {
    const bool is_signed = kind == MapKind::normals;
    for (std::size_t c = 0; c < 3; ++c) {
        const float share = is_signed ? (values[c] + 1) / 2 : kind == MapKind::depth ? 1 - values[c] : values[c];
        to[2 - c] = byte_of(share);
    }
    to[3] = byte_of(values[3]);
}

Expected<void> refuse(const MapView &map, MapKind kind, MapStyle style) {
    const bool is_table = kind == MapKind::features || kind == MapKind::tokens;
    const bool is_pixels = map.channels() == 1 || map.channels() == 3;
    const bool is_known = map.holds<float>() || map.holds<std::uint8_t>();
    if (is_table || !is_pixels || !is_known || (map.height() > 0 && !map.holds<float>() && map.row<std::uint8_t>(0).empty())) {
        return Error{StatusCode::unsupported, "kind: this map is no picture; read it from the result itself"};
    }
    if (kind == MapKind::points && style == MapStyle::picture) {
        return Error{StatusCode::unsupported, "style: points do not fit 8 bits; ask for values, or for a point cloud"};
    }
    return {};
}

/// U8: classes by the library's palette (values: the index), colours as they are.
void write_bytes(const MapView &map, MapKind kind, const std::vector<ClassInfo> &classes, MapReading &out) {
    std::uint8_t *to = out.bytes.data();
    for (std::uint32_t y = 0; y < map.height(); ++y) {
        const auto row = map.row<std::uint8_t>(y);
        for (std::uint32_t x = 0; x < map.width(); ++x) {
            const std::uint8_t *pixel = &row[std::size_t{x} * map.channels()];
            const bool is_class = kind == MapKind::labels;
            if (out.style == MapStyle::values) {
                const float unit = is_class ? 1.0F : 255.0F;
                const bool is_grey = map.channels() == 1;
                const Rgba values{pixel[0] / unit, pixel[is_grey ? 0 : 1] / unit, pixel[is_grey ? 0 : 2] / unit, 1};
                std::memcpy(to, values.data(), sizeof(values));
                to += sizeof(values);
                continue;
            }
            Rgb colour{pixel[0], pixel[0], pixel[0]};
            if (is_class) {
                colour = pixel[0] < classes.size() ? classes[pixel[0]].color : Rgb{};
            } else if (map.channels() == 3) {
                colour = {pixel[0], pixel[1], pixel[2]};
            }
            *to++ = colour[2], *to++ = colour[1], *to++ = colour[0], *to++ = 255;
        }
    }
}

void write_floats(const MapView &map, MapKind kind, MapReading &out) {
    std::uint8_t *to = out.bytes.data();
    for (std::uint32_t y = 0; y < map.height(); ++y) {
        const auto row = map.row<float>(y);
        for (std::uint32_t x = 0; x < map.width() && !row.empty(); ++x) {
            const Rgba values = values_of(kind, &row[std::size_t{x} * map.channels()], map.channels());
            if (out.style == MapStyle::values) {
                std::memcpy(to, values.data(), sizeof(values));
                to += sizeof(values);
            } else {
                write_picture(values, kind, to);
                to += 4;
            }
        }
    }
}

} // namespace

Expected<void> read_map(const Result &result, std::int32_t person, MapKind kind, MapStyle style, MapReading &out) {
    if (kind == MapKind::image) person = scene; // there is one picture, whoever is asked about
    auto map = result.map(person, kind);
    if (map.code() == StatusCode::absent && person != scene) map = result.map(scene, kind);
    if (!map) return map.error();
    if (auto done = refuse(*map, kind, style); !done) return done.error();
    std::vector<ClassInfo> classes;
    if (kind == MapKind::labels && style == MapStyle::picture) {
        auto found = map->classes() > 0 ? class_infos(map->classes()) : class_infos();
        if (!found && found.code() != StatusCode::absent) return found.error();
        if (found) classes = *std::move(found); // a model's own classes have no colours
    }
    out.width = map->width();
    out.height = map->height();
    out.style = style;
    out.is_colour = style == MapStyle::picture && (kind == MapKind::labels || kind == MapKind::albedo ||
                                                   kind == MapKind::foreground || kind == MapKind::image);
    out.image_from_map = map->image_from_map();
    out.age_frames = map->age_frames();
    out.bytes.resize(std::size_t{out.width} * out.height * (style == MapStyle::values ? sizeof(Rgba) : 4));
    map->holds<float>() ? write_floats(*map, kind, out) : write_bytes(*map, kind, classes, out);
    return {};
}

} // namespace sapiens::unreal
