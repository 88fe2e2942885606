// From the library's camera space to Unreal's space and back: the one place in the plugin that knows both.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
//   library: metres, right handed        x right     y down     z forward
//   Unreal:  centimetres, left handed    X forward   Y right    Z up
//
// So X = z, Y = x, Z = -y: a swap of axes with a change of handedness (determinant -1), therefore a rotation keeps its
// angle and turns the other way round the axis that is swapped in the same way.
#pragma once

#include "Library.h"

namespace sapiens::unreal {

struct Vector {
    double x = 0;
    double y = 0;
    double z = 0;
};

/// A rotation in the order of FQuat; unit length is for the caller to keep.
struct Quaternion {
    double x = 0;
    double y = 0;
    double z = 0;
    double w = 1;
};

inline constexpr double centimetres_per_metre = 100;

/// Normals and other directions: without a unit.
constexpr Vector direction_to_unreal(Vector camera) noexcept { return {camera.z, camera.x, -camera.y}; }
constexpr Vector direction_to_camera(Vector unreal) noexcept { return {unreal.y, -unreal.z, unreal.x}; }

/// Positions and offsets: metres to centimetres, and back.
constexpr Vector position_to_unreal(Vector metres) noexcept {
    const Vector turned = direction_to_unreal(metres);
    return {turned.x * centimetres_per_metre, turned.y * centimetres_per_metre, turned.z * centimetres_per_metre};
}
constexpr Vector position_to_camera(Vector centimetres) noexcept {
    const Vector turned = direction_to_camera(centimetres);
    return {turned.x / centimetres_per_metre, turned.y / centimetres_per_metre, turned.z / centimetres_per_metre};
}

/// Rotations, also those of a joint against its parent if the axes of both are swapped.
constexpr Quaternion rotation_to_unreal(Quaternion camera) noexcept {
    const Vector axis = direction_to_unreal({camera.x, camera.y, camera.z});
    return {-axis.x, -axis.y, -axis.z, camera.w};
}
constexpr Quaternion rotation_to_camera(Quaternion unreal) noexcept {
    const Vector axis = direction_to_camera({unreal.x, unreal.y, unreal.z});
    return {-axis.x, -axis.y, -axis.z, unreal.w};
}

/// Pixels (centres at integers) to texture coordinates (0 to 1 from edge to edge, v down as in Unreal).
constexpr Point pixel_to_uv(Point pixel, std::uint32_t width, std::uint32_t height) noexcept {
    return {(pixel.x + 0.5) / width, (pixel.y + 0.5) / height};
}

} // namespace sapiens::unreal
