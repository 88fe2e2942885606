// A window with what the model sees, live: a camera that does not exist films the pictures named, a stream looks at its frames.
// The stream keeps the newest frame only, so the window never waits for the model: see frame() and show().
//
//     viewer [OPTIONS] PICTURE...     PPM (P6) or BMP; key h shows the keys
#include "overlay.hpp"

#include <cstdio>
#include <cstring>
#include <iostream>

using namespace std::chrono_literals;

struct Options {
    std::vector<std::string> pictures;
    std::string model, device = "cpu", screenshot, shown = "skeleton";
    int frames = 0; // 0: until the window is closed
    unsigned every = 6;
    float threshold = 0.3F;
    bool still = false, text = true;
};

constexpr const char *usage =
    "usage: viewer [OPTIONS] PICTURE...\n"
    "  --model PATH        a checkpoint or converted graph (default: the demo model)\n"
    "  --device LIST       such as cuda:0,cpu (default: cpu)\n"
    "  --show LIST         of skeleton,labels,normals,depth,albedo,alpha (default: skeleton)\n"
    "  --every N           dense maps on every N-th frame (default: 6); the pose on every frame\n"
    "  --threshold SCORE   keypoints below it are not drawn (default: 0.3)\n"
    "  --frames N          end after N results\n"
    "  --screenshot FILE   write the last picture as BMP\n"
    "  --still             the camera does not move\n"
    "  --no-text           no numbers over the picture\n";

/// Everything that goes wrong ends the program with a sentence.
template <class T> T need(sapiens::Expected<T> expected) {
    if (!expected) throw std::runtime_error(expected.error().message);
    if constexpr (!std::is_void_v<T>) return *std::move(expected);
}

Options parse(int argc, char **argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const auto value = [&]() -> std::string {
            if (i + 1 == argc) throw std::runtime_error(name + " needs a value\n" + usage);
            return argv[++i];
        };
        const auto number = [&](double most) {
            const std::string text = value();
            char *end = nullptr;
            const double parsed = std::strtod(text.c_str(), &end);
            if (end == text.c_str() || *end != '\0' || !(parsed >= 0 && parsed <= most)) {
                throw std::runtime_error(name + " " + text + ": not a number from 0 to " + std::to_string(most));
            }
            return parsed;
        };
        if (name == "--model") options.model = value();
        else if (name == "--device") options.device = value();
        else if (name == "--show") options.shown = value();
        else if (name == "--screenshot") options.screenshot = value();
        else if (name == "--frames") options.frames = int(number(1e9));
        else if (name == "--every") options.every = std::max(1U, unsigned(number(1e6)));
        else if (name == "--threshold") options.threshold = float(number(10));
        else if (name == "--still") options.still = true;
        else if (name == "--no-text") options.text = false;
        else if (name.rfind("--", 0) == 0) throw std::runtime_error("no such option: " + name + "\n" + usage);
        else options.pictures.push_back(name);
    }
    if (options.pictures.empty()) throw std::runtime_error(usage);
    return options;
}

/// The window and what SDL needs for it.
struct Window {
    SDL_Window *window = nullptr;
    SDL_Renderer *renderer = nullptr;
    SDL_Texture *texture = nullptr;

    Window(int width, int height) {
        window = SDL_CreateWindow("sapiens", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height, 0);
        if (window) renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
        if (renderer) texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING, width, height);
        if (!texture) throw std::runtime_error(std::string("no window: ") + SDL_GetError());
        SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    }
    Window(const Window &) = delete;
    Window &operator=(const Window &) = delete;
    ~Window() {
        SDL_DestroyRenderer(renderer); // and its textures
        SDL_DestroyWindow(window);
    }
};

class Viewer {
public:
    static constexpr int width = 480, height = 640;

    explicit Viewer(const Options &options)
        : options_(options), window_(width, height), camera_(read(options.pictures), width, height, options.still),
          infos_(need(sapiens::keypoint_infos())), links_(need(sapiens::link_infos())), classes_(need(sapiens::class_infos())) {
        sapiens::ContextOptions context;
        context.devices = options.device;
        context.on_log = [](sapiens::LogLevel, std::string_view text) { std::cerr << text << '\n'; };
        context_ = need(sapiens::Context::create(std::move(context)));
        need(options.model.empty() ? context_.load_demo() : context_.load(options.model));
        for (const sapiens::ModelInfo &model : need(context_.models())) {
            available_ = available_ | model.tasks;
            // Other models, other keypoints and classes.
            if (auto infos = sapiens::keypoint_infos(model.keypoints); model.keypoints > 0 && infos) {
                infos_ = *std::move(infos), links_ = need(sapiens::link_infos(model.keypoints));
            }
            if (auto classes = sapiens::class_infos(model.classes); model.classes > 0 && classes) classes_ = *std::move(classes);
        }

        sapiens::StreamOptions stream;
        stream.policy = sapiens::Policy::latest_only;
        stream.keep_image = true; // so that the overlay lies on the very picture it was made from
        stream_ = need(context_.create_stream(std::move(stream)));
        toggle(options.shown);
    }

    void run() {
        bool open = true;
        while (open && (options_.frames == 0 || shown_ < options_.frames)) {
            for (SDL_Event event; SDL_PollEvent(&event);) open = open && handle(event);
            need(context_.process_events()); // log messages
            const Picture &frame = camera_.next();
            const auto now = std::chrono::steady_clock::now().time_since_epoch();
            need(stream_.submit(sapiens::Image::packed(sapiens::PixelFormat::rgb8, width, height, frame.rgb.data()).at(now)));
            // As long as a camera of 30 Hz takes to the next frame.
            if (auto result = stream_.poll(33ms)) show(*result);
            else if (result.error().is_fault()) need<sapiens::Result>(std::move(result));
        }
        if (!options_.screenshot.empty()) screenshot();
    }

private:
    static std::vector<Picture> read(const std::vector<std::string> &paths) {
        std::vector<Picture> pictures;
        for (const std::string &path : paths) pictures.push_back(read_picture(path));
        return pictures;
    }

    /// Shows what a list names, and runs no task for the rest.
    void toggle(const std::string &list) {
        for (std::size_t begin = 0; begin < list.size();) {
            const std::size_t end = std::min(list.find(',', begin), list.size());
            const std::string name = list.substr(begin, end - begin);
            begin = end + 1;
            const auto layer = std::find_if(std::begin(layers), std::end(layers), [&](auto &l) { return name == l.name; });
            if (name == "skeleton") skeleton_ = true;
            else if (layer != std::end(layers)) on_[layer - layers] = true;
            else throw std::runtime_error("--show " + name + ": no such layer\n" + usage);
        }
        set_tasks();
    }

    void set_tasks() {
        const auto set = [&](sapiens::Task task, bool on, unsigned every, int priority) {
            if (on && !available_.contains(task)) std::cerr << "no model here does: " << sapiens::name(task) << '\n';
            need(stream_.set_task(task, {on ? every : 0, priority}));
        };
        set(sapiens::Task::pose, skeleton_, 1, 1);
        bool masked = false;
        for (std::size_t i = 0; i < std::size(layers); ++i) masked = masked || (on_[i] && layers[i].masked);
        masked = masked && available_.contains(sapiens::Task::seg);
        for (std::size_t i = 0; i < std::size(layers); ++i) {
            set(layers[i].task, on_[i] || (masked && layers[i].task == sapiens::Task::seg), options_.every, 0);
        }
    }

    bool handle(const SDL_Event &event) {
        if (event.type == SDL_QUIT) return false;
        if (event.type != SDL_KEYDOWN) return true;
        const SDL_Keycode key = event.key.keysym.sym;
        for (std::size_t i = 0; i < std::size(layers); ++i) on_[i] = on_[i] != (key == layers[i].key);
        skeleton_ = skeleton_ != (key == SDLK_6);
        help_ = help_ != (key == SDLK_h);
        options_.text = options_.text != (key == SDLK_t);
        set_tasks();
        return key != SDLK_ESCAPE && key != SDLK_q;
    }

    void show(const sapiens::Result &result) {
        const auto info = need(result.info());
        if (info.code != sapiens::StatusCode::ok) throw std::runtime_error(std::string(info.message));
        const auto image = need(result.map(sapiens::scene, sapiens::MapKind::image));
        picture_ = {int(image.width()), int(image.height()), {}};
        for (std::uint32_t y = 0; y < image.height(); ++y) {
            const auto row = image.row<std::uint8_t>(y);
            picture_.rgb.insert(picture_.rgb.end(), row.begin(), row.end());
        }
        const auto labels = result.map(sapiens::scene, sapiens::MapKind::labels);
        const Mask everywhere, persons = labels ? Mask(*labels) : everywhere;
        std::uint32_t age = 0;
        for (std::size_t i = 0; i < std::size(layers); ++i) {
            const auto map = result.map(sapiens::scene, layers[i].kind);
            if (!on_[i] || !map) continue; // absent until its task has run once
            const Mask &mask = layers[i].masked ? persons : everywhere;
            draw_map(picture_, *map, Painter(*map, layers[i].kind, classes_, mask), mask);
            age = std::max(age, map->age_frames());
        }
        SDL_UpdateTexture(window_.texture, nullptr, picture_.rgb.data(), picture_.width * 3);
        SDL_RenderCopy(window_.renderer, window_.texture, nullptr, nullptr);
        for (std::uint32_t person = 0; skeleton_ && person < info.person_count; ++person) {
            if (auto pose = result.pose(person)) draw_skeleton(window_.renderer, *pose, options_.threshold, infos_, links_);
        }
        if (options_.text) write(result, info, age);
        ++shown_;
        if (shown_ != options_.frames) SDL_RenderPresent(window_.renderer); // the last one is kept for the screenshot
    }

    void write(const sapiens::Result &result, const sapiens::ResultInfo &info, std::uint32_t age) {
        const auto now = std::chrono::steady_clock::now();
        const double seconds = std::chrono::duration<double>(now - last_).count();
        last_ = now;
        fps_ = shown_ == 0 || seconds <= 0 ? 0 : fps_ == 0 ? 1 / seconds : 0.9 * fps_ + 0.1 / seconds;
        int y = 8;
        const auto line = [&](const char *format, auto... values) {
            char text[80];
            std::snprintf(text, sizeof text, format, values...);
            draw_text(window_.renderer, 8, y, text);
            y += 18;
        };
        line("%.1f fps  %.1f ms  waited %.1f ms", fps_, info.total_time.count(), info.wait_time.count());
        if (age > 0) line("maps are %u frames old", age);
        for (const auto &timing : need(result.timings())) line("%5.1f %s", timing.time.count(), std::string(timing.stage).c_str());
        if (!help_) return line("h: help");
        for (const Layer &layer : layers) line("%c: %s", char(layer.key), layer.name);
        line("6: skeleton");
        line("t: text   h: help   q: quit");
    }

    void screenshot() {
        SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 24, SDL_PIXELFORMAT_RGB24);
        const bool written = surface && SDL_RenderReadPixels(window_.renderer, nullptr, SDL_PIXELFORMAT_RGB24, surface->pixels,
                                                             surface->pitch) == 0 &&
                             SDL_SaveBMP(surface, options_.screenshot.c_str()) == 0;
        SDL_FreeSurface(surface);
        if (!written) throw std::runtime_error(options_.screenshot + ": " + SDL_GetError());
    }

    Options options_;
    Window window_;
    Camera camera_;
    std::vector<sapiens::KeypointInfo> infos_;
    std::vector<sapiens::LinkInfo> links_;
    std::vector<sapiens::ClassInfo> classes_;
    sapiens::Context context_;
    sapiens::Stream stream_;
    sapiens::Tasks available_;
    Picture picture_;
    bool on_[std::size(layers)] = {}, skeleton_ = false, help_ = false;
    int shown_ = 0;
    double fps_ = 0;
    std::chrono::steady_clock::time_point last_;
};

int main(int argc, char **argv) {
    int code = 0;
    try {
        const Options options = parse(argc, argv);
        if (SDL_Init(SDL_INIT_VIDEO) != 0) throw std::runtime_error(std::string("no display: ") + SDL_GetError());
        Viewer(options).run();
    } catch (const std::exception &error) {
        std::cerr << "viewer: " << error.what() << '\n';
        code = 1;
    }
    SDL_Quit();
    return code;
}
