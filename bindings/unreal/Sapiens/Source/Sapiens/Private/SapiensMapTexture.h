// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "SapiensConvert.h"

class UTexture2D;

namespace Sapiens
{
	/** Puts a map into a texture: the one given if it fits, else a new one. The pixels are copied once, and uploaded by the render thread. */
	UTexture2D* UpdateTexture(UTexture2D* Texture, const sapiens::unreal::MapReading& Map);
}
