// NOT Unreal Engine: see README.md. Textures, the render thread, the render graph, readback.
#pragma once

#include "Objects.h"

enum EPixelFormat : uint8 { PF_Unknown, PF_A32B32G32R32F, PF_B8G8R8A8, PF_R8G8B8A8 };
struct FPixelFormatInfo
{
	const TCHAR* Name;
	int32 BlockBytes;
};
extern FPixelFormatInfo GPixelFormats[];

class FRHITexture
{
public:
	EPixelFormat GetFormat() const;
	FIntPoint GetSizeXY() const;
};
class FTextureRHIRef
{
public:
	bool IsValid() const;
	FRHITexture* GetReference() const;
};
class FTextureResource
{
public:
	FTextureRHIRef TextureRHI;
};
enum TextureFilter { TF_Nearest };
class UTexture : public UObject
{
public:
	FTextureResource* GetResource();
	void UpdateResource();
	uint8 SRGB : 1;
	TextureFilter Filter;
};
struct FUpdateTextureRegion2D
{
	FUpdateTextureRegion2D(uint32 DestX, uint32 DestY, int32 SourceX, int32 SourceY, uint32 Width, uint32 Height);
};
class UTexture2D : public UTexture
{
public:
	static UTexture2D* CreateTransient(int32 Width, int32 Height, EPixelFormat Format);
	int32 GetSizeX() const;
	int32 GetSizeY() const;
	EPixelFormat GetPixelFormat() const;
	void UpdateTextureRegions(int32 Mip, uint32 Count, const FUpdateTextureRegion2D* Regions, uint32 Pitch, uint32 BytesPerPixel, uint8* Pixels,
		TFunction<void(uint8*, const FUpdateTextureRegion2D*)> Cleanup);
};

class FRHICommandListImmediate
{
};
template <class F> void EnqueueRenderCommand(F&& Function)
{
	FRHICommandListImmediate CommandList;
	Function(CommandList);
}
#define ENQUEUE_RENDER_COMMAND(name) EnqueueRenderCommand

void FlushRenderingCommands();

class FRHIGPUTextureReadback
{
public:
	explicit FRHIGPUTextureReadback(FName Name);
	bool IsReady();
	void* Lock(int32& OutRowPitchInPixels, int32* OutBufferHeight = nullptr);
	void Unlock();
};
class FRDGTexture;
using FRDGTextureRef = FRDGTexture*;
class FRDGBuilder
{
public:
	explicit FRDGBuilder(FRHICommandListImmediate& CommandList);
	void Execute();
};
FRDGTextureRef RegisterExternalTexture(FRDGBuilder& Graph, FRHITexture* Texture, const TCHAR* Name);
void AddEnqueueCopyPass(FRDGBuilder& Graph, FRHIGPUTextureReadback* Readback, FRDGTextureRef Source);
