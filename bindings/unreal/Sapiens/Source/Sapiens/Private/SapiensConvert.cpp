// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensConvert.h"

#include "SapiensModule.h"

namespace Sapiens
{
	FString ToString(std::string_view Text)
	{
		const FUTF8ToTCHAR Converted(Text.data(), static_cast<int32>(Text.size()));
		return FString(Converted.Length(), Converted.Get());
	}

	FSapiensStatus ToStatus(const sapiens::Error& Error)
	{
		FSapiensStatus Status;
		Status.Code = static_cast<int32>(Error.code);
		Status.Name = ToString(sapiens::name(Error.code));
		Status.Message = ToString(Error.message);
		return Status;
	}

	FSapiensStatus Unavailable()
	{
		FSapiensStatus Status;
		Status.Code = SAPIENS_STATUS_LIBRARY;
		Status.Name = TEXT("library");
		Status.Message = FSapiensModule::GetLibraryFault();
		return Status;
	}

	FSapiensStatus NotRunning()
	{
		if (!FSapiensModule::IsLibraryLoaded())
		{
			return Unavailable();
		}
		return ToStatus(sapiens::Error{sapiens::StatusCode::invalid_argument, "the stream is not running; call Start first"});
	}

	sapiens::Task ToTask(ESapiensTask Task)
	{
		switch (Task)
		{
		case ESapiensTask::Pose: return sapiens::Task::pose;
		case ESapiensTask::Seg: return sapiens::Task::seg;
		case ESapiensTask::Normal: return sapiens::Task::normal;
		case ESapiensTask::Pointmap: return sapiens::Task::pointmap;
		case ESapiensTask::Albedo: return sapiens::Task::albedo;
		case ESapiensTask::Matting: return sapiens::Task::matting;
		case ESapiensTask::Features: return sapiens::Task::features;
		case ESapiensTask::Depth: return sapiens::Task::depth;
		}
		return sapiens::Task::pose;
	}

	sapiens::Tasks ToTasks(const TSet<ESapiensTask>& Tasks)
	{
		sapiens::Tasks Bits;
		for (const ESapiensTask Task : Tasks)
		{
			Bits = Bits | sapiens::Tasks(ToTask(Task));
		}
		return Bits;
	}

	TArray<ESapiensTask> FromTasks(sapiens::Tasks Tasks)
	{
		TArray<ESapiensTask> Found;
		for (uint8 Index = 0; Index <= static_cast<uint8>(ESapiensTask::Depth); ++Index)
		{
			const ESapiensTask Task = static_cast<ESapiensTask>(Index);
			if (Tasks.contains(ToTask(Task)))
			{
				Found.Add(Task);
			}
		}
		return Found;
	}

	sapiens::Policy ToPolicy(ESapiensPolicy Policy)
	{
		switch (Policy)
		{
		case ESapiensPolicy::Block: return sapiens::Policy::block;
		case ESapiensPolicy::DropOldest: return sapiens::Policy::drop_oldest;
		case ESapiensPolicy::LatestOnly: return sapiens::Policy::latest_only;
		}
		return sapiens::Policy::latest_only;
	}

	sapiens::MapKind ToMapKind(ESapiensMap Map)
	{
		switch (Map)
		{
		case ESapiensMap::Labels: return sapiens::MapKind::labels;
		case ESapiensMap::Confidence: return sapiens::MapKind::confidence;
		case ESapiensMap::Normals: return sapiens::MapKind::normals;
		case ESapiensMap::Points: return sapiens::MapKind::points;
		case ESapiensMap::Albedo: return sapiens::MapKind::albedo;
		case ESapiensMap::Alpha: return sapiens::MapKind::alpha;
		case ESapiensMap::Foreground: return sapiens::MapKind::foreground;
		case ESapiensMap::Image: return sapiens::MapKind::image;
		case ESapiensMap::Depth: return sapiens::MapKind::depth;
		}
		return sapiens::MapKind::labels;
	}

	FSapiensFrame ToFrame(const sapiens::unreal::FrameReading& Reading)
	{
		FSapiensFrame Frame;
		Frame.Number = static_cast<int64>(Reading.frame);
		Frame.Time = std::chrono::duration<double>(Reading.timestamp).count();
		if (Reading.code != sapiens::StatusCode::ok)
		{
			Frame.Status = ToStatus(sapiens::Error{Reading.code, Reading.message});
		}
		Frame.Size = FIntPoint(static_cast<int32>(Reading.width), static_cast<int32>(Reading.height));
		Frame.DroppedBefore = static_cast<int64>(Reading.dropped_before);
		Frame.Milliseconds = static_cast<float>(Reading.total_time.count());
		Frame.People.Reserve(static_cast<int32>(Reading.people.size()));
		for (const sapiens::unreal::PersonReading& From : Reading.people)
		{
			FSapiensPerson& Person = Frame.People.AddDefaulted_GetRef();
			Person.Box = FBox2D(FVector2D(From.bbox.x, From.bbox.y),
				FVector2D(From.bbox.x + From.bbox.width, From.bbox.y + From.bbox.height));
			Person.PoseAge = static_cast<int32>(From.age_frames);
			Person.Keypoints.Reserve(static_cast<int32>(From.keypoints.size()));
			for (const sapiens::Keypoint& Point : From.keypoints)
			{
				FSapiensKeypoint& Keypoint = Person.Keypoints.AddDefaulted_GetRef();
				Keypoint.Pixel = FVector2D(Point.x, Point.y);
				Keypoint.Score = Point.score;
			}
		}
		return Frame;
	}
}
