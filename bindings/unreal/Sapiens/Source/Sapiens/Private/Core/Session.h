// A context of the library as an engine holds it: loads in the background, answers on the game thread. Plain C++.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "EventQueue.h"
#include "Feed.h"

namespace sapiens::unreal {

/// Runs a function on a thread that may block for seconds; dropping it unrun is allowed.
using Launch = std::function<void(std::function<void()>)>;

/// Made, used and closed on the game thread.
class Session {
public:
    using Loaded = std::function<void(const Expected<ModelId> &)>;
    using DetectorLoaded = std::function<void(const Expected<void> &)>;
    using Progress = std::function<void(std::string_view, double)>;

    /// Fast: loads nothing. Log messages arrive inside pump().
    static Expected<std::unique_ptr<Session>> create(ContextOptions options, Launch launch);
    ~Session() { static_cast<void>(close()); }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    /// Loads a model in the background; an empty path stands for the demo model inside the library. `loaded` gets the answer
    /// once, `progress` (may be empty) the stage and how much of it is done, 0 to 1; both inside pump(), neither after close().
    void load(std::string path, LoadOptions options, Loaded loaded, Progress progress = {});
    /// As load(): the person detector, in place of one loaded before; an empty path stands for that of the demo model.
    void load_detector(std::string path, LoadOptions options, DetectorLoaded loaded, Progress progress = {});
    /// Stops the loads that run; they answer `cancelled`.
    Expected<void> cancel_loads();
    bool is_loading() const;

    /// Runs every callback that is due: results, log messages, answers of loads. Once per frame; never waits for work.
    Expected<void> pump();

    Expected<std::shared_ptr<Feed>> open(StreamOptions options, std::function<void(const Result &)> listener);
    /// Ends a feed without waiting for the frame in work: that is done in the background, and close() waits for it. Its
    /// listener is not called any more.
    void retire(std::shared_ptr<Feed> feed);
    Expected<std::vector<ModelInfo>> models() const;
    /// `absent` if none is loaded.
    Expected<ModelInfo> detector() const;
    Expected<RuntimeInfo> runtime() const;

    /// Ends everything of this session and waits for its threads; no callback runs after it. May be called inside one.
    Expected<void> close();

private:
    struct State; // shared with loads in the background
    /// `call`: the load itself, on a thread in the background.
    template <class Call, class Done> void load_by(Call call, LoadOptions options, Done loaded, Progress progress);
    explicit Session(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

} // namespace sapiens::unreal
