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

	sapiens::Overlap ToOverlap(ESapiensOverlap Overlap)
	{
		switch (Overlap)
		{
		case ESapiensOverlap::Auto: return sapiens::Overlap::automatic;
		case ESapiensOverlap::On: return sapiens::Overlap::on;
		case ESapiensOverlap::Off: return sapiens::Overlap::off;
		}
		return sapiens::Overlap::automatic;
	}

	sapiens::DeviceFraming ToDeviceFraming(ESapiensDeviceFraming Framing)
	{
		switch (Framing)
		{
		case ESapiensDeviceFraming::Auto: return sapiens::DeviceFraming::automatic;
		case ESapiensDeviceFraming::On: return sapiens::DeviceFraming::on;
		case ESapiensDeviceFraming::Off: return sapiens::DeviceFraming::off;
		}
		return sapiens::DeviceFraming::automatic;
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

	static sapiens::PersonPolicy ToPersonPolicy(ESapiensPersonPolicy Policy)
	{
		switch (Policy)
		{
		case ESapiensPersonPolicy::All: return sapiens::PersonPolicy::all;
		case ESapiensPersonPolicy::Largest: return sapiens::PersonPolicy::largest;
		case ESapiensPersonPolicy::Nearest: return sapiens::PersonPolicy::nearest;
		case ESapiensPersonPolicy::NearestTo: return sapiens::PersonPolicy::nearest_to;
		}
		return sapiens::PersonPolicy::all;
	}

	sapiens::PeopleOptions ToPeople(const FSapiensPeopleOptions& Options)
	{
		sapiens::PeopleOptions People;
		if (Options.bDetect)
		{
			sapiens::DetectOptions& Detect = People.detect.emplace();
			Detect.every_n = static_cast<uint32>(FMath::Max(Options.DetectEvery, 1));
			Detect.threshold = Options.DetectThreshold;
		}
		if (Options.bTrack)
		{
			sapiens::TrackOptions& Track = People.track.emplace();
			Track.policy = ToPersonPolicy(Options.Policy);
			Track.person_count = Options.Policy == ESapiensPersonPolicy::All ? 0 : static_cast<uint32>(FMath::Max(Options.Count, 0));
			Track.point = {Options.Point.X, Options.Point.Y};
		}
		if (Options.bFilterKeypoints)
		{
			People.filter.emplace();
		}
		if (Options.bFilterMaps)
		{
			People.map_filter.emplace().maps = sapiens::Task::normal | sapiens::Task::pointmap;
		}
		return People;
	}

	static ESapiensTrackState FromState(sapiens::TrackState State)
	{
		switch (State)
		{
		case sapiens::TrackState::none: return ESapiensTrackState::None;
		case sapiens::TrackState::tentative: return ESapiensTrackState::Tentative;
		case sapiens::TrackState::confirmed: return ESapiensTrackState::Confirmed;
		case sapiens::TrackState::lost: return ESapiensTrackState::Lost;
		}
		return ESapiensTrackState::None;
	}

	static ESapiensBoxOrigin FromOrigin(sapiens::BoxOrigin Origin)
	{
		switch (Origin)
		{
		case sapiens::BoxOrigin::image: return ESapiensBoxOrigin::Image;
		case sapiens::BoxOrigin::host: return ESapiensBoxOrigin::Host;
		case sapiens::BoxOrigin::detector: return ESapiensBoxOrigin::Detector;
		case sapiens::BoxOrigin::keypoints: return ESapiensBoxOrigin::Keypoints;
		case sapiens::BoxOrigin::prediction: return ESapiensBoxOrigin::Prediction;
		}
		return ESapiensBoxOrigin::Image;
	}

	static void Fill(TArray<FSapiensKeypoint>& Keypoints, const std::vector<sapiens::Keypoint>& From)
	{
		Keypoints.Reserve(static_cast<int32>(From.size()));
		for (const sapiens::Keypoint& Point : From)
		{
			FSapiensKeypoint& Keypoint = Keypoints.AddDefaulted_GetRef();
			Keypoint.Pixel = FVector2D(Point.x, Point.y);
			Keypoint.Score = Point.score;
		}
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
		Frame.bDetectorRan = Reading.detector_ran;
		Frame.People.Reserve(static_cast<int32>(Reading.people.size()));
		for (const sapiens::unreal::PersonReading& From : Reading.people)
		{
			FSapiensPerson& Person = Frame.People.AddDefaulted_GetRef();
			Person.Box = FBox2D(FVector2D(From.bbox.x, From.bbox.y),
				FVector2D(From.bbox.x + From.bbox.width, From.bbox.y + From.bbox.height));
			Person.PoseAge = static_cast<int32>(From.age_frames);
			Person.Id = static_cast<int64>(From.who.id);
			Person.State = FromState(From.who.state);
			Person.Origin = FromOrigin(From.who.origin);
			Person.Score = From.who.score;
			Person.AgeFrames = static_cast<int32>(From.who.age_frames);
			Person.UnseenSeconds = std::chrono::duration<float>(From.who.unseen).count();
			Person.bIsChosen = From.who.is_chosen;
			Person.bHasValidPoints = From.has_valid_points;
			Fill(Person.Keypoints, From.keypoints);
			Fill(Person.Filtered, From.filtered);
		}
		return Frame;
	}
}
