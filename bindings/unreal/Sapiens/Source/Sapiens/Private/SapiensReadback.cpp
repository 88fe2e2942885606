// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensReadback.h"

#include "Engine/Texture.h"
#include "HAL/PlatformTime.h"
#include "RenderGraphBuilder.h"
#include "RenderGraphUtils.h"
#include "RenderingThread.h"
#include "RHIGPUReadback.h"
#include "SapiensLog.h"
#include "TextureResource.h"

DECLARE_CYCLE_STAT(TEXT("Readback (render thread)"), STAT_SapiensReadback, STATGROUP_Sapiens);

FSapiensReadback::FSapiensReadback(FOnCopied InOnCopied) : OnCopied(MoveTemp(InOnCopied)) {}

FSapiensReadback::~FSapiensReadback() = default;

bool FSapiensReadback::IsSupported(EPixelFormat Format)
{
	return Format == PF_B8G8R8A8 || Format == PF_R8G8B8A8;
}

void FSapiensReadback::Capture(UTexture* Texture, int32 Depth)
{
	check(IsInGameThread());
	// The resource may be released later by a command behind this one.
	FTextureResource* Resource = Texture != nullptr ? Texture->GetResource() : nullptr;
	const double Time = FPlatformTime::Seconds();
	ENQUEUE_RENDER_COMMAND(SapiensCapture)(
		[Self = AsShared(), Resource, Depth, Time](FRHICommandListImmediate& CommandList)
		{
			SCOPE_CYCLE_COUNTER(STAT_SapiensReadback);
			Self->Deliver_RenderThread();
			if (Resource != nullptr && Resource->TextureRHI.IsValid())
			{
				Self->Copy_RenderThread(CommandList, Resource->TextureRHI.GetReference(), Depth, Time);
			}
		});
}

void FSapiensReadback::Stop()
{
	check(IsInGameThread());
	ENQUEUE_RENDER_COMMAND(SapiensStopCapture)(
		[Self = AsShared()](FRHICommandListImmediate&)
		{
			Self->bIsStopped = true;
			Self->Pending.Empty();
			Self->Free.Empty();
			Self->OnCopied.Reset();
		});
}

void FSapiensReadback::Deliver_RenderThread()
{
	check(IsInRenderingThread());
	while (!bIsStopped && Pending.Num() > 0 && Pending[0].Readback->IsReady())
	{
		FSlot Slot = MoveTemp(Pending[0]);
		Pending.RemoveAt(0);
		int32 PixelsPerRow = 0;
		int32 RowCount = 0;
		const void* Rows = Slot.Readback->Lock(PixelsPerRow, &RowCount);
		if (Rows != nullptr)
		{
			// RowCount 0: this interface of the GPU does not say.
			if (PixelsPerRow >= Slot.Size.X && (RowCount == 0 || RowCount >= Slot.Size.Y))
			{
				OnCopied(Rows, PixelsPerRow * GPixelFormats[Slot.Format].BlockBytes, Slot.Size, Slot.Format, Slot.Time);
			}
			Slot.Readback->Unlock();
		}
		if (Free.Num() > 0 && (Free[0].Size != Slot.Size || Free[0].Format != Slot.Format))
		{
			Free.Empty();
		}
		Free.Add(MoveTemp(Slot));
	}
}

void FSapiensReadback::Copy_RenderThread(FRHICommandListImmediate& CommandList, FRHITexture* Texture, int32 Depth, double Time)
{
	if (bIsStopped)
	{
		return;
	}
	const EPixelFormat Format = Texture->GetFormat();
	if (!IsSupported(Format))
	{
		RefusedFormat = Format;
		return;
	}
	RefusedFormat = PF_Unknown;
	if (Pending.Num() >= FMath::Clamp(Depth, 1, 8))
	{
		++Skipped;
		return;
	}
	const FIntPoint Size = Texture->GetSizeXY();
	if (Free.Num() > 0 && (Free[0].Size != Size || Free[0].Format != Format))
	{
		Free.Empty();
	}
	FSlot Slot;
	if (Free.Num() > 0)
	{
		Slot = Free.Pop();
	}
	else
	{
		Slot.Readback = MakeUnique<FRHIGPUTextureReadback>(FName(TEXT("Sapiens")));
	}
	Slot.Size = Size;
	Slot.Format = Format;
	Slot.Time = Time;
	FRDGBuilder Graph(CommandList);
	AddEnqueueCopyPass(Graph, Slot.Readback.Get(), RegisterExternalTexture(Graph, Texture, TEXT("SapiensSource")));
	Graph.Execute();
	Pending.Add(MoveTemp(Slot));
}
