// Results of the library as values an engine can keep: persons, maps as pixels, point clouds. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "Space.h"

namespace sapiens::unreal {

/// A person of a frame.
struct PersonReading {
    Box bbox{};
    Tasks tasks;
    /// In the order of keypoint_infos(); empty where the pose task has not looked at this person.
    std::vector<Keypoint> keypoints;
    /// The same, steadied over time; empty where the stream does not filter.
    std::vector<Keypoint> filtered;
    /// Frames since the pose was found: 0 for this one.
    std::uint32_t age_frames = 0;
    /// Who it is, how sure that is, and where the box comes from.
    Person who;
    /// Whether the pointmap of this person, or of the scene, goes with the one before; `true` where nobody compares them.
    bool has_valid_points = true;
};

/// A frame without its maps, which are read when asked for.
struct FrameReading {
    /// `ok`, or why the frame failed and has no people; `message` says it in words.
    StatusCode code = StatusCode::ok;
    std::string message;
    FrameId frame = 0;
    Timestamp timestamp{0};
    /// The upright picture, in pixels.
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    Tasks tasks;
    std::uint64_t dropped_before = 0;
    Milliseconds total_time{0};
    bool detector_ran = false;
    std::vector<PersonReading> people;
};

/// Reads into `out`, whose memory is used again.
Expected<void> read_frame(const Result &result, FrameReading &out);

/// What a map becomes.
enum class MapStyle {
    /// B, G, R, A of 8 bits: classes in the library's colours, normals as (n + 1) / 2 in Unreal's axes, others as they are.
    picture,
    /// R, G, B, A of 32-bit floats: the values; normals and points (centimetres) in Unreal's space. A is 1, or 0 where the
    /// map has nothing.
    values,
};

/// A map as pixels without gaps, first row on top.
struct MapReading {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    MapStyle style = MapStyle::picture;
    /// Whether the numbers are colours for a screen (sRGB).
    bool is_colour = false;
    std::vector<std::uint8_t> bytes;
    Affine image_from_map;
    std::uint32_t age_frames = 0;
};

/// Reads a map of a person, or of `scene`, into `out`, whose memory is used again. `unsupported` for maps of features, and
/// for points as a picture.
Expected<void> read_map(const Result &result, std::int32_t person, MapKind kind, MapStyle style, MapReading &out);

/// A point of a cloud.
struct CloudPoint {
    /// Centimetres in Unreal's space, seen from the camera.
    Vector position;
    Rgb color{};
    /// Where it is in the upright picture, in pixels.
    Point pixel;
};

/// Every `step`-th pixel of every `step`-th row of the points of a person, or of `scene`, without those that the library
/// leaves out. Coloured if the stream keeps its pictures, else white.
Expected<void> read_cloud(const Result &result, std::int32_t person, std::uint32_t step, std::vector<CloudPoint> &out);

/// Where the keypoints of a person are in Unreal's space: the point of the pointmap under each; nothing where there is none.
/// `absent` without a pose or a pointmap.
Expected<void> read_keypoints_in_space(const Result &result, std::uint32_t person, std::vector<std::optional<Vector>> &out);

} // namespace sapiens::unreal
