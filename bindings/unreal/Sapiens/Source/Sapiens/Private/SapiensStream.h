// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "SapiensConvert.h"
#include "SapiensReadback.h"

class FSapiensSession;

/** What a running stream component owns: from the texture to the newest result. */
class FSapiensStream
{
public:
	using FOnResult = TFunction<void(const sapiens::Result&)>;

	/** Null, and why, where the library refuses the options. */
	static TSharedPtr<FSapiensStream> Open(const TSharedRef<FSapiensSession>& Session, sapiens::StreamOptions Options, FOnResult OnResult, FSapiensStatus& OutStatus);
	~FSapiensStream();

	/** Game thread: asks for a copy of the texture, and submits the copies that have arrived. Null: only the latter. */
	void Capture(UTexture* Texture, const TArray<FBox2D>& Boxes);
	/** Why the texture is not used, or what the last submit answered. */
	FSapiensStatus GetStatus() const;
	sapiens::unreal::Feed& GetFeed() const { return *Feed; }

	/** The newest result; empty before the first. */
	sapiens::Result Latest;
	/** Memory that is used again by every call. */
	sapiens::unreal::FrameReading Frame;
	sapiens::unreal::MapReading Map;

private:
	FSapiensStream() = default;

	/** Shared with the render thread, which submits. */
	struct FSubmitter
	{
		std::shared_ptr<sapiens::unreal::Feed> Feed;
		mutable FCriticalSection Lock;
		std::vector<sapiens::Box> Boxes;
		FSapiensStatus Status;

		void Submit(const void* Rows, int32 BytesPerRow, FIntPoint Size, EPixelFormat Format, double Time);
	};

	TWeakPtr<FSapiensSession> Session;
	std::shared_ptr<sapiens::unreal::Feed> Feed;
	TSharedPtr<FSubmitter, ESPMode::ThreadSafe> Submitter;
	TSharedPtr<FSapiensReadback, ESPMode::ThreadSafe> Readback;
};
