// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "SapiensConvert.h"

DECLARE_MULTICAST_DELEGATE_ThreeParams(FSapiensResultEvent, FName /*Subject*/, const sapiens::Result&, const sapiens::unreal::FrameReading&);

/** The library's context, and what the parts of the plugin tell each other. Game thread only. */
class FSapiensSession
{
public:
	explicit FSapiensSession(std::unique_ptr<sapiens::unreal::Session> InCore) : Core(MoveTemp(InCore)) {}

	std::unique_ptr<sapiens::unreal::Session> Core;

	/** Results of every running stream. */
	FSapiensResultEvent OnResult;
};
