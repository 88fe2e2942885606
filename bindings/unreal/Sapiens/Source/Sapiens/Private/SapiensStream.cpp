// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensStream.h"

#include "Misc/ScopeLock.h"
#include "SapiensConsole.h"
#include "SapiensLog.h"
#include "SapiensSession.h"

DECLARE_CYCLE_STAT(TEXT("Submit (render thread)"), STAT_SapiensSubmit, STATGROUP_Sapiens);

TSharedPtr<FSapiensStream> FSapiensStream::Open(const TSharedRef<FSapiensSession>& Session, sapiens::StreamOptions Options, FOnResult OnResult, FSapiensStatus& OutStatus)
{
	auto Feed = Session->Core->open(MoveTemp(Options), [OnResult = MoveTemp(OnResult)](const sapiens::Result& Result) { OnResult(Result); });
	OutStatus = Sapiens::ToStatus(Feed);
	if (!Feed)
	{
		return nullptr;
	}
	TSharedPtr<FSapiensStream> Stream = MakeShareable(new FSapiensStream());
	Stream->Session = Session;
	Stream->Feed = *Feed;
	Stream->Submitter = MakeShared<FSubmitter, ESPMode::ThreadSafe>();
	Stream->Submitter->Feed = *Feed;
	Stream->Readback = MakeShared<FSapiensReadback, ESPMode::ThreadSafe>(
		[Submitter = Stream->Submitter](const void* Rows, int32 BytesPerRow, FIntPoint Size, EPixelFormat Format, double Time)
		{
			Submitter->Submit(Rows, BytesPerRow, Size, Format, Time);
		});
	return Stream;
}

FSapiensStream::~FSapiensStream()
{
	if (Readback.IsValid())
	{
		Readback->Stop();
	}
	// Not waited for: a frame in work may take a while. Where the session is over, so is the feed.
	if (const TSharedPtr<FSapiensSession> Held = Session.Pin())
	{
		Held->Core->retire(MoveTemp(Feed));
	}
}

void FSapiensStream::Capture(UTexture* Texture, const TArray<FBox2D>& Boxes)
{
	{
		const FScopeLock Lock(&Submitter->Lock);
		Submitter->Boxes.clear();
		for (const FBox2D& Box : Boxes)
		{
			const FVector2D Size = Box.Max - Box.Min;
			Submitter->Boxes.push_back({static_cast<float>(Box.Min.X), static_cast<float>(Box.Min.Y),
				static_cast<float>(Size.X), static_cast<float>(Size.Y)});
		}
	}
	Readback->Capture(Texture, CVarSapiensReadbackDepth.GetValueOnGameThread());
}

FSapiensStatus FSapiensStream::GetStatus() const
{
	if (const EPixelFormat Format = Readback->GetRefusedFormat(); Format != PF_Unknown)
	{
		return Sapiens::ToStatus(sapiens::Error{sapiens::StatusCode::unsupported,
			"the texture has the format " + Sapiens::ToUtf8(GPixelFormats[Format].Name) +
				"; take one of 8 bits per channel (a render target of RTF_RGBA8), or copy it into such a one"});
	}
	const FScopeLock Lock(&Submitter->Lock);
	return Submitter->Status;
}

void FSapiensStream::FSubmitter::Submit(const void* Rows, int32 BytesPerRow, FIntPoint Size, EPixelFormat Format, double Time)
{
	SCOPE_CYCLE_COUNTER(STAT_SapiensSubmit);
	const bool bIsBgra = Format == PF_B8G8R8A8;
	const auto Seconds = std::chrono::duration<double>(Time);
	const auto Picture = sapiens::Image::strided(bIsBgra ? sapiens::PixelFormat::bgra8 : sapiens::PixelFormat::rgba8,
		static_cast<uint32>(Size.X), static_cast<uint32>(Size.Y), nullptr, BytesPerRow)
		.at(std::chrono::duration_cast<sapiens::Timestamp>(Seconds));
	// The last row may end where its pixels end: copy no further.
	const SIZE_T PixelBytes = static_cast<SIZE_T>(Size.X) * 4;
	const SIZE_T Bytes = static_cast<SIZE_T>(BytesPerRow) * static_cast<SIZE_T>(Size.Y);
	sapiens::unreal::Pixels Pixels = Feed->take(Bytes);
	FMemory::Memcpy(Pixels.data(), Rows, Bytes - (static_cast<SIZE_T>(BytesPerRow) - PixelBytes));
	const FScopeLock Hold(&Lock);
	sapiens::SubmitOptions Options;
	Options.boxes = Boxes;
	const auto Taken = Feed->submit(MoveTemp(Pixels), Picture, Options);
	// No room is no fault: the policy says what then happens.
	const bool bIsFault = !Taken && Taken.error().is_fault() && Taken.code() != sapiens::StatusCode::shut_down;
	Status = bIsFault ? Sapiens::ToStatus(Taken.error()) : FSapiensStatus();
}
