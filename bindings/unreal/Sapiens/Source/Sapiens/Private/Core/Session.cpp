// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Session.h"

#include <atomic>
#include <condition_variable>

namespace sapiens::unreal {

struct Session::State {
    Context context;
    Launch launch;
    EventQueue events;
    std::atomic<bool> is_closing{false};
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::size_t loads = 0;
    std::size_t retiring = 0;

    /// Held by work in the background from its request to its end, also if it is dropped before it begins.
    struct Ticket {
        Ticket(std::shared_ptr<State> of, std::size_t State::*kind) : state(std::move(of)), count(kind) {
            const std::lock_guard<std::mutex> lock(state->mutex);
            ++(*state.*count);
        }
        Ticket(const Ticket &) = delete;
        Ticket &operator=(const Ticket &) = delete;
        ~Ticket() {
            const std::lock_guard<std::mutex> lock(state->mutex);
            --(*state.*count);
            state->changed.notify_all();
        }
        std::shared_ptr<State> state;
        std::size_t State::*count;
    };
};

namespace {

Error closed() { return {StatusCode::shut_down, "the session is closed; make a new one"}; }

} // namespace

Expected<std::unique_ptr<Session>> Session::create(ContextOptions options, Launch launch) {
    if (!launch) return Error{StatusCode::invalid_argument, "launch is empty; pass a function that runs work on a thread"};
    options.log_delivery = Delivery::events;
    auto context = Context::create(std::move(options));
    if (!context) return context.error();
    auto state = std::make_shared<State>();
    state->context = *std::move(context);
    state->launch = std::move(launch);
    return std::unique_ptr<Session>(new Session(std::move(state)));
}

template <class Call, class Done>
void Session::load_by(Call call, LoadOptions options, Done loaded, Progress progress) {
    const auto state = state_;
    if (state->is_closing) return;
    const auto ticket = std::make_shared<State::Ticket>(state, &State::loads);
    auto work = [ticket, call = std::move(call), options = std::move(options), loaded = std::move(loaded),
                 progress = std::move(progress)]() mutable {
        State &here = *ticket->state;
        if (here.is_closing) return;
        options.on_progress = [&here, &progress, last = -1](std::string_view stage, std::uint64_t done,
                                                             std::uint64_t total) mutable {
            const double share = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
            const int percent = static_cast<int>(share * 100);
            if (progress && percent != last) { // not one event per block that was read
                last = percent;
                here.events.post([progress, stage = std::string(stage), share] { progress(stage, share); });
            }
            return !here.is_closing;
        };
        auto answer = call(here.context, options);
        if (loaded) here.events.post([loaded = std::move(loaded), answer = std::move(answer)] { loaded(answer); });
    };
    state->launch(std::move(work));
}

void Session::load(std::string path, LoadOptions options, Loaded loaded, Progress progress) {
    const auto call = [path = std::move(path)](Context &context, const LoadOptions &how) {
        return path.empty() ? context.load_demo(how) : context.load(path, how);
    };
    load_by(call, std::move(options), std::move(loaded), std::move(progress));
}

void Session::load_detector(std::string path, LoadOptions options, DetectorLoaded loaded, Progress progress) {
    const auto call = [path = std::move(path)](Context &context, const LoadOptions &how) {
        return path.empty() ? context.load_demo_detector(how) : context.load_detector(path, how);
    };
    load_by(call, std::move(options), std::move(loaded), std::move(progress));
}

Expected<void> Session::cancel_loads() {
    return state_->is_closing ? Expected<void>(closed()) : state_->context.cancel_loads();
}

bool Session::is_loading() const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return state_->loads > 0;
}

Expected<void> Session::pump() {
    const auto state = state_; // a callback may destroy this session
    if (state->is_closing) return closed();
    auto done = state->context.process_events();
    state->events.run();
    return done;
}

Expected<std::shared_ptr<Feed>> Session::open(StreamOptions options, std::function<void(const Result &)> listener) {
    if (state_->is_closing) return closed();
    return Feed::open(state_->context, std::move(options), std::move(listener));
}

void Session::retire(std::shared_ptr<Feed> feed) {
    if (!feed) return;
    feed->mute();
    static_cast<void>(feed->cancel()); // what waits goes now, what is in work gives no result
    const auto state = state_;
    if (state->is_closing) return; // it ends with the context
    const auto ticket = std::make_shared<State::Ticket>(state, &State::retiring);
    state->launch([ticket, feed = std::move(feed)] { static_cast<void>(feed->close()); });
}

Expected<std::vector<ModelInfo>> Session::models() const {
    if (state_->is_closing) return closed();
    return state_->context.models();
}

Expected<ModelInfo> Session::detector() const {
    if (state_->is_closing) return closed();
    return state_->context.detector();
}

Expected<RuntimeInfo> Session::runtime() const {
    if (state_->is_closing) return closed();
    return state_->context.runtime();
}

Expected<void> Session::close() {
    const auto state = state_;
    if (state->is_closing.exchange(true)) return {};
    state->events.close();
    std::unique_lock<std::mutex> lock(state->mutex);
    while (state->loads + state->retiring > 0) {
        // Again and again: a load that is about to begin is not there to be cancelled yet.
        lock.unlock();
        static_cast<void>(state->context.cancel_loads());
        lock.lock();
        state->changed.wait_for(lock, std::chrono::milliseconds(5), [&] { return state->loads + state->retiring == 0; });
    }
    lock.unlock();
    return state->context.close();
}

} // namespace sapiens::unreal
