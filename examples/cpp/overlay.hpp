// What the viewer draws over a picture: dense maps, skeletons, text. What things are and which colours they have, the library says.
#ifndef VIEWER_OVERLAY_HPP
#define VIEWER_OVERLAY_HPP

#include "picture.hpp"
#include "sapiens.hpp"

#include <cctype>
#include <string_view>

/// A dense map the viewer can show, by the key that toggles it.
struct Layer {
    const char *name;
    SDL_Keycode key;
    sapiens::Task task;
    sapiens::MapKind kind;
    bool masked; // has a meaning on persons only
};
inline constexpr Layer layers[] = {
    {"labels", SDLK_1, sapiens::Task::seg, sapiens::MapKind::labels, false},
    {"normals", SDLK_2, sapiens::Task::normal, sapiens::MapKind::normals, true},
    {"depth", SDLK_3, sapiens::Task::pointmap, sapiens::MapKind::points, true},
    {"albedo", SDLK_4, sapiens::Task::albedo, sapiens::MapKind::albedo, true},
    {"alpha", SDLK_5, sapiens::Task::matting, sapiens::MapKind::alpha, false},
};

/// Where persons are: normals, points and albedo mean nothing elsewhere. Without labels, everywhere.
class Mask {
public:
    Mask() = default;
    explicit Mask(const sapiens::MapView &labels)
        : labels_(labels), labels_from_image_(labels.image_from_map().inverse()) {}

    bool covers(sapiens::Point image) const {
        if (!labels_) return true;
        const sapiens::Point at = labels_from_image_(image.x, image.y);
        const double x = std::floor(at.x + 0.5), y = std::floor(at.y + 0.5);
        if (!(x >= 0 && y >= 0 && x < labels_->width() && y < labels_->height())) return false;
        return labels_->row<std::uint8_t>(std::uint32_t(y))[std::size_t(x)] != 0; // 0 is the background
    }

private:
    std::optional<sapiens::MapView> labels_;
    sapiens::Affine labels_from_image_;
};

/// From a map pixel to a colour and how much of it (0..1).
class Painter {
public:
    Painter(const sapiens::MapView &map, sapiens::MapKind kind, const std::vector<sapiens::ClassInfo> &classes,
            const Mask &mask)
        : map_(map), kind_(kind), classes_(classes) {
        if (kind != sapiens::MapKind::points) return;
        std::vector<float> depths;
        for (std::uint32_t y = 0; y < map.height(); ++y) {
            const auto row = map.row<float>(y);
            for (std::uint32_t x = 0; x < map.width(); ++x) {
                const float z = row[x * 3 + 2];
                if (z > 0 && mask.covers(map.image_from_map(x, y))) depths.push_back(z);
            }
        }
        if (depths.empty()) return;
        const auto part = [&](double share) { // of the depths in their order
            const auto at = depths.begin() + std::ptrdiff_t(share * double(depths.size() - 1));
            std::nth_element(depths.begin(), at, depths.end());
            return *at;
        };
        first_ = part(0.02), last_ = part(0.98);
    }

    double paint(std::uint32_t x, std::uint32_t y, double (&rgb)[3]) const {
        using Kind = sapiens::MapKind;
        if (kind_ == Kind::labels) {
            const std::uint8_t label = map_.row<std::uint8_t>(y)[x];
            for (std::size_t c = 0; c < 3; ++c) rgb[c] = label < classes_.size() ? classes_[label].color[c] : 255;
            return label == 0 ? 0 : 0.6; // 0 is the background
        }
        const auto row = map_.row<float>(y);
        const std::size_t channels = map_.channels(), i = x * channels;
        for (std::size_t c = 0; c < 3; ++c) rgb[c] = 255.0 * row[i + c % channels];
        if (kind_ == Kind::normals) {
            const bool none = row[i] == 0 && row[i + 1] == 0 && row[i + 2] == 0;
            for (double &value : rgb) value = 127.5 + value / 2;
            return none ? 0 : 0.8;
        }
        if (kind_ == Kind::points) {
            const float z = row[i + 2];
            if (!(z > 0)) return 0; // NaN: nothing there
            const double close = last_ > first_ ? std::clamp((last_ - z) / (last_ - first_), 0.0F, 1.0F) : 1;
            rgb[0] = 255 * close, rgb[1] = 255 * close * close, rgb[2] = 255 * (1 - close);
            return 0.8;
        }
        return kind_ == Kind::alpha ? 0.9 : 1;
    }

private:
    const sapiens::MapView &map_;
    sapiens::MapKind kind_;
    const std::vector<sapiens::ClassInfo> &classes_;
    float first_ = 0, last_ = 0;
};

/// Draws a map over the picture it belongs to: each pixel that the mask covers takes the nearest of the map.
inline void draw_map(Picture &picture, const sapiens::MapView &map, const Painter &painter, const Mask &mask) {
    const sapiens::Affine map_from_image = map.image_from_map().inverse();
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            if (!mask.covers({double(x), double(y)})) continue;
            const sapiens::Point at = map_from_image(x, y);
            const double column = std::floor(at.x + 0.5), row = std::floor(at.y + 0.5);
            if (!(column >= 0 && row >= 0 && column < map.width() && row < map.height())) continue;
            double rgb[3];
            const double much = painter.paint(std::uint32_t(column), std::uint32_t(row), rgb);
            std::uint8_t *pixel = picture.at(x, y);
            for (int c = 0; c < 3; ++c) {
                pixel[c] = std::uint8_t(std::clamp(pixel[c] * (1 - much) + rgb[c] * much, 0.0, 255.0));
            }
        }
    }
}

/// Draws links and keypoints that are likely there.
inline void draw_skeleton(SDL_Renderer *renderer, const sapiens::Pose &pose, float threshold,
                          const std::vector<sapiens::KeypointInfo> &infos, const std::vector<sapiens::LinkInfo> &links) {
    if (pose.keypoints.size() != infos.size()) return; // a model with other keypoints: nobody names them
    for (const sapiens::LinkInfo &link : links) {
        const sapiens::Keypoint &a = pose.keypoints[link.from], &b = pose.keypoints[link.to];
        if (a.score < threshold || b.score < threshold) continue;
        SDL_SetRenderDrawColor(renderer, link.color[0], link.color[1], link.color[2], 255);
        for (const float shift : {-1.0F, 0.0F, 1.0F}) { // three wide
            SDL_RenderDrawLineF(renderer, a.x + shift, a.y, b.x + shift, b.y);
            SDL_RenderDrawLineF(renderer, a.x, a.y + shift, b.x, b.y + shift);
        }
    }
    for (std::size_t i = 0; i < infos.size(); ++i) {
        const sapiens::Keypoint &point = pose.keypoints[i];
        if (point.score < threshold) continue;
        const float size = infos[i].group == sapiens::KeypointGroup::face ? 2.0F : 4.0F;
        const SDL_FRect dot{point.x - size / 2, point.y - size / 2, size, size};
        SDL_SetRenderDrawColor(renderer, infos[i].color[0], infos[i].color[1], infos[i].color[2], 255);
        SDL_RenderFillRectF(renderer, &dot);
    }
}

/// Text in a font of 3 x 5 dots; each digit of a glyph is a row, its three bits the dots from left to right.
inline void draw_text(SDL_Renderer *renderer, int x, int y, std::string_view text) {
    constexpr int dot = 2;
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;/-+()%=<>_'";
    static constexpr unsigned glyphs[] = {
        025755, 065656, 034443, 065556, 074647, 074644, 034553, 055755, 072227, 011152, 055655, 044447, 057755, 065555, 025552,
        065644, 025563, 065655, 034216, 072222, 055557, 055552, 055775, 055255, 055222, 071247, // letters
        075557, 026227, 061247, 061216, 055711, 074616, 034757, 071222, 075757, 075716,         // digits
        000002, 000024, 002020, 002024, 011244, 000700, 002720, 012221, 042224, 051245, 007070, 012421, 042124, 000007, 022000,
    };
    static_assert(letters.size() == std::size(glyphs));
    const SDL_Rect back{x - 3, y - 3, int(text.size()) * 4 * dot + 4, 5 * dot + 6};
    SDL_SetRenderDrawColor(renderer, 0, 0, 0, 160);
    SDL_RenderFillRect(renderer, &back);
    SDL_SetRenderDrawColor(renderer, 255, 255, 255, 255);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto letter = letters.find(char(std::toupper(static_cast<unsigned char>(text[i]))));
        for (int bit = 0; letter != std::string_view::npos && bit < 15; ++bit) {
            if ((glyphs[letter] >> (14 - bit) & 1U) == 0) continue;
            const SDL_Rect square{x + (int(i) * 4 + bit % 3) * dot, y + bit / 3 * dot, dot, dot};
            SDL_RenderFillRect(renderer, &square);
        }
    }
}

#endif
