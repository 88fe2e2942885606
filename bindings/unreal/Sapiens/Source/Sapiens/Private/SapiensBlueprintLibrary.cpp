// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensBlueprintLibrary.h"

#include "SapiensConvert.h"
#include "SapiensModule.h"

FString USapiensBlueprintLibrary::GetLibraryVersion()
{
	return FSapiensModule::IsLibraryLoaded() ? Sapiens::ToString(sapiens::build_info()) : FString();
}

TArray<FSapiensKeypointInfo> USapiensBlueprintLibrary::GetKeypointInfos(int32 Count)
{
	TArray<FSapiensKeypointInfo> Infos;
	if (!FSapiensModule::IsLibraryLoaded())
	{
		return Infos;
	}
	if (const auto Found = Count > 0 ? sapiens::keypoint_infos(static_cast<uint32>(Count)) : sapiens::keypoint_infos())
	{
		for (const sapiens::KeypointInfo& From : *Found)
		{
			FSapiensKeypointInfo& Info = Infos.AddDefaulted_GetRef();
			Info.Name = FName(*Sapiens::ToString(From.name));
			Info.Color = Sapiens::ToColor(From.color);
		}
	}
	return Infos;
}

TArray<FSapiensLink> USapiensBlueprintLibrary::GetLinks(int32 Count)
{
	TArray<FSapiensLink> Links;
	if (!FSapiensModule::IsLibraryLoaded())
	{
		return Links;
	}
	if (const auto Found = Count > 0 ? sapiens::link_infos(static_cast<uint32>(Count)) : sapiens::link_infos())
	{
		for (const sapiens::LinkInfo& From : *Found)
		{
			FSapiensLink& Link = Links.AddDefaulted_GetRef();
			Link.From = static_cast<int32>(From.from);
			Link.To = static_cast<int32>(From.to);
			Link.Color = Sapiens::ToColor(From.color);
		}
	}
	return Links;
}

TArray<FName> USapiensBlueprintLibrary::GetClassNames(int32 Count)
{
	TArray<FName> Names;
	if (!FSapiensModule::IsLibraryLoaded())
	{
		return Names;
	}
	if (const auto Found = Count > 0 ? sapiens::class_infos(static_cast<uint32>(Count)) : sapiens::class_infos())
	{
		for (const sapiens::ClassInfo& From : *Found)
		{
			Names.Add(FName(*Sapiens::ToString(From.name)));
		}
	}
	return Names;
}

int32 USapiensBlueprintLibrary::FindKeypoint(FName Name)
{
	if (!FSapiensModule::IsLibraryLoaded())
	{
		return -1;
	}
	// The library's table does not change while it is loaded.
	static const TArray<FSapiensKeypointInfo> Infos = GetKeypointInfos();
	return Infos.IndexOfByPredicate([Name](const FSapiensKeypointInfo& Info) { return Info.Name == Name; });
}

FVector USapiensBlueprintLibrary::CameraToUnrealLocation(const FVector& Metres)
{
	return Sapiens::ToVector(sapiens::unreal::position_to_unreal({Metres.X, Metres.Y, Metres.Z}));
}

FVector USapiensBlueprintLibrary::CameraToUnrealDirection(const FVector& Direction)
{
	return Sapiens::ToVector(sapiens::unreal::direction_to_unreal({Direction.X, Direction.Y, Direction.Z}));
}

FQuat USapiensBlueprintLibrary::CameraToUnrealRotation(const FQuat& Rotation)
{
	const auto Turned = sapiens::unreal::rotation_to_unreal({Rotation.X, Rotation.Y, Rotation.Z, Rotation.W});
	return FQuat(Turned.x, Turned.y, Turned.z, Turned.w);
}

FVector2D USapiensBlueprintLibrary::PixelToUV(const FVector2D& Pixel, const FIntPoint& Size)
{
	if (Size.X <= 0 || Size.Y <= 0)
	{
		return FVector2D::ZeroVector;
	}
	const auto At = sapiens::unreal::pixel_to_uv({Pixel.X, Pixel.Y}, static_cast<uint32>(Size.X), static_cast<uint32>(Size.Y));
	return FVector2D(At.x, At.y);
}
