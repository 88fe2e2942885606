// Between the engine-free part and the engine's types.
// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "SapiensTypes.h"

THIRD_PARTY_INCLUDES_START
#include "Core/Session.h"
#include "Core/Skeleton.h"
THIRD_PARTY_INCLUDES_END

namespace Sapiens
{
	inline std::string ToUtf8(const FString& Text)
	{
		return std::string(TCHAR_TO_UTF8(*Text));
	}

	FString ToString(std::string_view Text);
	FSapiensStatus ToStatus(const sapiens::Error& Error);
	/** What calls answer where the library is missing. */
	FSapiensStatus Unavailable();
	/** What a stream that is not started answers. */
	FSapiensStatus NotRunning();

	template <class T>
	FSapiensStatus ToStatus(const sapiens::Expected<T>& Answer)
	{
		return Answer.has_value() ? FSapiensStatus() : ToStatus(Answer.error());
	}

	sapiens::Task ToTask(ESapiensTask Task);
	sapiens::Tasks ToTasks(const TSet<ESapiensTask>& Tasks);
	TArray<ESapiensTask> FromTasks(sapiens::Tasks Tasks);
	sapiens::Policy ToPolicy(ESapiensPolicy Policy);
	sapiens::Overlap ToOverlap(ESapiensOverlap Overlap);
	sapiens::DeviceFraming ToDeviceFraming(ESapiensDeviceFraming Framing);
	sapiens::MapKind ToMapKind(ESapiensMap Map);
	sapiens::PeopleOptions ToPeople(const FSapiensPeopleOptions& Options);

	FSapiensFrame ToFrame(const sapiens::unreal::FrameReading& Reading);

	inline FColor ToColor(const sapiens::Rgb& Color)
	{
		return FColor(Color[0], Color[1], Color[2]);
	}
	inline FVector ToVector(const sapiens::unreal::Vector& Vector)
	{
		return FVector(Vector.x, Vector.y, Vector.z);
	}
}
