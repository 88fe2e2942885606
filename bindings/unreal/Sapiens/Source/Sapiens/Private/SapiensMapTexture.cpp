// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensMapTexture.h"

#include "Engine/Texture2D.h"

namespace Sapiens
{
	UTexture2D* UpdateTexture(UTexture2D* Texture, const sapiens::unreal::MapReading& Map)
	{
		const bool bIsPicture = Map.style == sapiens::unreal::MapStyle::picture;
		const EPixelFormat Format = bIsPicture ? PF_B8G8R8A8 : PF_A32B32G32R32F;
		const uint32 BytesPerPixel = static_cast<uint32>(GPixelFormats[Format].BlockBytes);
		const int32 Width = static_cast<int32>(Map.width);
		const int32 Height = static_cast<int32>(Map.height);
		if (Map.bytes.empty())
		{
			return Texture;
		}
		const bool bFits = Texture != nullptr && Texture->GetSizeX() == Width && Texture->GetSizeY() == Height
			&& Texture->GetPixelFormat() == Format;
		if (!bFits)
		{
			Texture = UTexture2D::CreateTransient(Width, Height, Format);
			if (Texture == nullptr)
			{
				return nullptr;
			}
			Texture->SRGB = Map.is_colour;
			Texture->Filter = TF_Nearest;
			Texture->UpdateResource();
		}
		if (Texture->GetResource() == nullptr)
		{
			return Texture; // no renderer, as on a server: nobody would free the copy
		}
		// Both are freed by the render thread when it has uploaded them.
		uint8* Pixels = static_cast<uint8*>(FMemory::Malloc(Map.bytes.size()));
		FMemory::Memcpy(Pixels, Map.bytes.data(), Map.bytes.size());
		FUpdateTextureRegion2D* Region = new FUpdateTextureRegion2D(0, 0, 0, 0, Map.width, Map.height);
		Texture->UpdateTextureRegions(0, 1, Region, Map.width * BytesPerPixel, BytesPerPixel, Pixels,
			[](uint8* Source, const FUpdateTextureRegion2D* Regions)
			{
				FMemory::Free(Source);
				delete Regions;
			});
		return Texture;
	}
}
