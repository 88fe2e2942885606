// Pictures for the viewer: read from PPM and BMP files, and filmed by a camera that does not exist.
#ifndef VIEWER_PICTURE_HPP
#define VIEWER_PICTURE_HPP

#include <SDL.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

/// Rows of R, G, B without gaps.
struct Picture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;

    const std::uint8_t *at(int x, int y) const { return &rgb[(static_cast<std::size_t>(y) * width + x) * 3]; }
    std::uint8_t *at(int x, int y) { return &rgb[(static_cast<std::size_t>(y) * width + x) * 3]; }
};

/// A binary PPM of 8 bits (P6).
inline Picture read_ppm(std::istream &file, const std::string &path) {
    const auto number = [&](int most) {
        while ((file >> std::ws) && file.peek() == '#') file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        int value = 0;
        if (!(file >> value) || value < 1 || value > most) throw std::runtime_error(path + ": not a PPM header");
        return value;
    };
    Picture picture;
    file.ignore(2); // P6
    picture.width = number(16384);
    picture.height = number(16384);
    if (number(65535) != 255) throw std::runtime_error(path + ": only PPM files of 8 bits per channel are read");
    file.ignore(1);
    picture.rgb.resize(static_cast<std::size_t>(picture.width) * picture.height * 3);
    file.read(reinterpret_cast<char *>(picture.rgb.data()), static_cast<std::streamsize>(picture.rgb.size()));
    if (!file) throw std::runtime_error(path + ": the file ends before the picture does");
    return picture;
}

/// Whatever SDL reads as BMP.
inline Picture read_bmp(const std::string &path) {
    SDL_Surface *read = SDL_LoadBMP(path.c_str());
    SDL_Surface *surface = read ? SDL_ConvertSurfaceFormat(read, SDL_PIXELFORMAT_RGB24, 0) : nullptr;
    SDL_FreeSurface(read);
    if (!surface) throw std::runtime_error(path + ": neither PPM (P6) nor BMP: " + SDL_GetError());
    Picture picture{surface->w, surface->h, {}};
    for (int y = 0; y < surface->h; ++y) {
        const auto *row = static_cast<const std::uint8_t *>(surface->pixels) + static_cast<std::ptrdiff_t>(y) * surface->pitch;
        picture.rgb.insert(picture.rgb.end(), row, row + static_cast<std::ptrdiff_t>(surface->w) * 3);
    }
    SDL_FreeSurface(surface);
    return picture;
}

inline Picture read_picture(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + ": cannot be opened");
    const bool ppm = file.get() == 'P' && file.peek() == '6';
    file.seekg(0);
    return ppm ? read_ppm(file, path) : read_bmp(path);
}

/// Films pictures one after the other, slowly panning and zooming.
class Camera {
public:
    static constexpr int frames_per_picture = 150;

    Camera(std::vector<Picture> pictures, int width, int height, bool still)
        : pictures_(std::move(pictures)), still_(still), frame_{width, height, {}} {
        frame_.rgb.resize(static_cast<std::size_t>(width) * height * 3);
    }

    /// The next frame; valid until the one after it.
    const Picture &next() {
        const Picture &from = pictures_[static_cast<std::size_t>(time_ / frames_per_picture) % pictures_.size()];
        const double t = still_ ? 0 : time_ * 0.03;
        ++time_;
        // The part of the picture with the shape of the frame, as large as fits; then closer and to the side.
        const double whole = std::min(double(from.width) / frame_.width, double(from.height) / frame_.height);
        const double zoom = 1 + 0.15 * (1 - std::cos(t)), scale = whole / zoom;
        const double room_x = from.width - scale * frame_.width, room_y = from.height - scale * frame_.height;
        const double left = room_x * (0.5 + 0.5 * std::sin(0.7 * t)), top = room_y * (0.5 + 0.5 * std::sin(0.5 * t));
        for (int y = 0; y < frame_.height; ++y) {
            for (int x = 0; x < frame_.width; ++x) {
                sample(from, left + (x + 0.5) * scale - 0.5, top + (y + 0.5) * scale - 0.5, frame_.at(x, y));
            }
        }
        return frame_;
    }

private:
    /// Bilinear, held at the edges.
    static void sample(const Picture &from, double x, double y, std::uint8_t *rgb) {
        x = std::clamp(x, 0.0, from.width - 1.0), y = std::clamp(y, 0.0, from.height - 1.0);
        const int x0 = int(x), y0 = int(y), x1 = std::min(x0 + 1, from.width - 1), y1 = std::min(y0 + 1, from.height - 1);
        const double fx = x - x0, fy = y - y0;
        for (int c = 0; c < 3; ++c) {
            const double upper = from.at(x0, y0)[c] * (1 - fx) + from.at(x1, y0)[c] * fx;
            const double lower = from.at(x0, y1)[c] * (1 - fx) + from.at(x1, y1)[c] * fx;
            rgb[c] = static_cast<std::uint8_t>(upper * (1 - fy) + lower * fy + 0.5);
        }
    }

    std::vector<Picture> pictures_;
    bool still_;
    Picture frame_;
    int time_ = 0;
};

#endif
