// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "RHI.h"
#include "Templates/SharedPointer.h"

#include <atomic>

class FRHIGPUTextureReadback;
class UTexture;

/**
 * Copies of a texture from the GPU, some frames late and without a stall: copies are asked for and looked after on the render
 * thread, and nobody waits for one. Where all slots are on their way the frame is skipped.
 */
class FSapiensReadback : public TSharedFromThis<FSapiensReadback, ESPMode::ThreadSafe>
{
public:
	/** Gets a finished copy on the render thread; the rows are valid during the call. */
	using FOnCopied = TFunction<void(const void* Rows, int32 BytesPerRow, FIntPoint Size, EPixelFormat Format, double Time)>;

	explicit FSapiensReadback(FOnCopied InOnCopied);
	~FSapiensReadback();

	/** Game thread: hands out what has arrived, and asks for a copy of the texture, if any, as it is after the commands so far. */
	void Capture(UTexture* Texture, int32 Depth);
	/** Game thread: nothing is handed out after the render thread has seen this. */
	void Stop();

	static bool IsSupported(EPixelFormat Format);
	/** Format of the texture that could not be copied; PF_Unknown if all went well. */
	EPixelFormat GetRefusedFormat() const { return RefusedFormat; }
	/** Frames for which there was no free slot. */
	uint32 GetSkipped() const { return Skipped; }

private:
	struct FSlot
	{
		TUniquePtr<FRHIGPUTextureReadback> Readback;
		FIntPoint Size = FIntPoint::ZeroValue;
		EPixelFormat Format = PF_Unknown;
		double Time = 0.0;
	};

	void Deliver_RenderThread();
	void Copy_RenderThread(FRHICommandListImmediate& CommandList, FRHITexture* Texture, int32 Depth, double Time);

	FOnCopied OnCopied;
	/** In the order of the copies. Render thread only. */
	TArray<FSlot> Pending;
	/** Staging memory to use again, all of one size: the engine's readback keeps that of its first copy. Render thread only. */
	TArray<FSlot> Free;
	bool bIsStopped = false;
	std::atomic<EPixelFormat> RefusedFormat{PF_Unknown};
	std::atomic<uint32> Skipped{0};
};
