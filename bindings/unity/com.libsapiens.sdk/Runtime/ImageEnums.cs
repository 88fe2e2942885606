// What pictures are, and where they lie: enumerations of sapiens.h with their numbers; tests compare them with the header.
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>Order of the bytes of a pixel. 8 bits per channel.</summary>
    [NativeTwin("SapiensPixelFormat")]
    public enum SapiensPixelFormat
    {
        /// <summary>R, G, B.</summary>
        Rgb8 = 1,

        /// <summary>B, G, R.</summary>
        Bgr8 = 2,

        /// <summary>R, G, B, A. Alpha is ignored.</summary>
        Rgba8 = 3,

        /// <summary>B, G, R, A. Alpha is ignored.</summary>
        Bgra8 = 4,

        /// <summary>One brightness.</summary>
        Gray8 = 5,

        /// <summary>A plane of Y (data), and one of interleaved U, V at half the width and height, rounded up
        /// (chroma).</summary>
        Nv12 = 6,
    }

    /// <summary>How Y, U, V become R, G, B. Must be chosen for NV12 and left 0 for every other format.</summary>
    [NativeTwin("SapiensColor")]
    public enum SapiensColor
    {
        /// <summary>Not YUV.</summary>
        None = 0,

        /// <summary>ITU-R BT.601, Y in 16..235: standard-definition video, many webcams.</summary>
        Bt601Limited = 1,

        /// <summary>ITU-R BT.601, Y in 0..255: JPEG, Android cameras.</summary>
        Bt601Full = 2,

        /// <summary>ITU-R BT.709, Y in 16..235: high-definition video.</summary>
        Bt709Limited = 3,

        /// <summary>ITU-R BT.709, Y in 0..255.</summary>
        Bt709Full = 4,
    }

    /// <summary>What must be done to the buffer to see the picture upright; the values of EXIF's Orientation.</summary>
    [NativeTwin("SapiensOrientation")]
    public enum SapiensOrientation
    {
        /// <summary>Nothing. 0 means the same.</summary>
        Normal = 1,

        /// <summary>Mirror left to right.</summary>
        FlipHorizontal = 2,

        /// <summary>Turn by half.</summary>
        Rotate180 = 3,

        /// <summary>Mirror top to bottom.</summary>
        FlipVertical = 4,

        /// <summary>Mirror left to right, then turn by 270 degrees clockwise.</summary>
        Transpose = 5,

        /// <summary>Turn by 90 degrees clockwise.</summary>
        Rotate90 = 6,

        /// <summary>Mirror left to right, then turn by 90 degrees clockwise.</summary>
        Transverse = 7,

        /// <summary>Turn by 270 degrees clockwise.</summary>
        Rotate270 = 8,
    }

    /// <summary>Where memory lies. This version reads and writes memory of the processor and of CUDA devices.</summary>
    [NativeTwin("SapiensMemory")]
    public enum SapiensMemory
    {
        Cpu = 0,

        /// <summary>A CUdeviceptr.</summary>
        Cuda = 1,

        Vulkan = 2,
        D3D12 = 3,
        Metal = 4,
    }
}
