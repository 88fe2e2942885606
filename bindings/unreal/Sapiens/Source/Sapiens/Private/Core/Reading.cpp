// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Reading.h"

#include <cmath>

namespace sapiens::unreal {

namespace {

/// The maps of a person lie with the person or, where the task looks at the whole picture, with the scene.
Expected<MapView> find_map(const Result &result, std::int32_t person, MapKind kind) {
    auto own = result.map(person, kind);
    if (person == scene || own.code() != StatusCode::absent) return own;
    return result.map(scene, kind);
}

/// The nearest pixel of a map to a point of the upright picture, or nothing outside it.
std::optional<std::array<std::uint32_t, 2>> pixel_of(const MapView &map, const Affine &map_from_image, Point image) {
    const Point at = map_from_image(image.x, image.y);
    const double x = std::floor(at.x + 0.5), y = std::floor(at.y + 0.5);
    if (!(x >= 0 && y >= 0 && x < map.width() && y < map.height())) return std::nullopt; // also for NaN
    return std::array<std::uint32_t, 2>{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y)};
}

std::optional<Vector> point_at(const Span<const float> row, std::uint32_t x) {
    const std::size_t at = std::size_t{x} * 3;
    if (!std::isfinite(row[at]) || !std::isfinite(row[at + 1]) || !std::isfinite(row[at + 2])) return std::nullopt;
    return position_to_unreal({row[at], row[at + 1], row[at + 2]});
}

Error odd_map(const char *wanted) {
    return {StatusCode::unsupported, std::string("the map is not one of ") + wanted + ", which this plugin reads"};
}

/// Rows of points, or why not.
Expected<MapView> find_points(const Result &result, std::int32_t person) {
    auto map = find_map(result, person, MapKind::points);
    if (map && (!map->holds<float>() || map->channels() != 3)) return odd_map("three floats per pixel");
    return map;
}

} // namespace

Expected<void> read_frame(const Result &result, FrameReading &out) {
    const auto info = result.info();
    if (!info) return info.error();
    out.code = info->code;
    out.message = info->message;
    out.frame = info->frame;
    out.timestamp = info->timestamp;
    out.width = info->image_width;
    out.height = info->image_height;
    out.tasks = info->tasks;
    out.dropped_before = info->dropped_before;
    out.total_time = info->total_time;
    out.detector_ran = info->detector_ran;
    out.people.resize(info->code == StatusCode::ok ? info->person_count : 0);
    for (std::uint32_t index = 0; index < out.people.size(); ++index) {
        PersonReading &to = out.people[index];
        const auto person = result.person(index);
        if (!person) return person.error();
        to.bbox = person->bbox;
        to.tasks = person->tasks;
        to.who = *person;
        to.keypoints.clear();
        to.filtered.clear();
        to.age_frames = 0;
        const auto pose = result.pose(index);
        if (pose) {
            to.keypoints.assign(pose->keypoints.begin(), pose->keypoints.end());
            to.age_frames = pose->age_frames;
        } else if (pose.error().is_fault()) {
            return pose.error();
        }
        const auto filtered = result.filtered_pose(index);
        if (filtered) {
            to.filtered.assign(filtered->keypoints.begin(), filtered->keypoints.end());
        } else if (filtered.error().is_fault()) {
            return filtered.error();
        }
        auto points = result.points_check(static_cast<std::int32_t>(index));
        if (points.code() == StatusCode::absent) points = result.points_check(scene);
        if (!points && points.error().is_fault()) return points.error();
        to.has_valid_points = !points || points->is_valid;
    }
    return {};
}

Expected<void> read_cloud(const Result &result, std::int32_t person, std::uint32_t step, std::vector<CloudPoint> &out) {
    out.clear();
    if (step == 0) return Error{StatusCode::invalid_argument, "step is 0; pass 1 for every pixel, 2 for every second"};
    const auto points = find_points(result, person);
    if (!points) return points.error();
    const auto picture = result.map(scene, MapKind::image);
    const bool has_colour = picture && picture->holds<std::uint8_t>() && picture->channels() == 3;
    const Affine to_image = points->image_from_map();
    const Affine to_picture = has_colour ? picture->image_from_map().inverse() : Affine();
    for (std::uint32_t y = 0; y < points->height(); y += step) {
        const auto row = points->row<float>(y);
        if (row.empty()) return odd_map("rows of pixels");
        for (std::uint32_t x = 0; x < points->width(); x += step) {
            const auto position = point_at(row, x);
            if (!position) continue;
            CloudPoint point{*position, {255, 255, 255}, to_image(x, y)};
            if (has_colour) {
                if (const auto at = pixel_of(*picture, to_picture, point.pixel)) {
                    for (std::uint32_t c = 0; c < 3; ++c) point.color[c] = picture->at<std::uint8_t>((*at)[0], (*at)[1], c);
                }
            }
            out.push_back(point);
            if (points->width() - x <= step) break; // x + step would wrap for the largest steps
        }
        if (points->height() - y <= step) break;
    }
    return {};
}

Expected<void> read_keypoints_in_space(const Result &result, std::uint32_t person, std::vector<std::optional<Vector>> &out) {
    out.clear();
    const auto pose = result.pose(person);
    if (!pose) return pose.error();
    const auto points = find_points(result, static_cast<std::int32_t>(person));
    if (!points) return points.error();
    const Affine from_image = points->image_from_map().inverse();
    for (const Keypoint &keypoint : pose->keypoints) {
        const auto at = pixel_of(*points, from_image, {keypoint.x, keypoint.y});
        const auto row = at ? points->row<float>((*at)[1]) : Span<const float>();
        out.push_back(row.empty() ? std::nullopt : point_at(row, (*at)[0]));
    }
    return {};
}

} // namespace sapiens::unreal
