using System;
using System.Runtime.InteropServices;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A picture of the host. Format, size and stride are never guessed.</summary>
    public unsafe struct SapiensImage
    {
        public SapiensPixelFormat Format;

        /// <summary>Pixels per row of the buffer.</summary>
        public int Width;

        /// <summary>Rows of the buffer.</summary>
        public int Height;

        /// <summary>Bytes from one row to the next; negative: the data begins with the last row in memory.</summary>
        public long RowStride;

        /// <summary>The first row. Not needed where the pixels are given as an array or a buffer.</summary>
        public IntPtr Data;

        /// <summary>What must be done to see the picture upright; 0: nothing. <see cref="OrientationOf"/> helps with textures.</summary>
        public SapiensOrientation Orientation;

        /// <summary>For NV12.</summary>
        public SapiensColor Color;

        /// <summary>For NV12: the first row of U, V.</summary>
        public IntPtr Chroma;

        /// <summary>For NV12.</summary>
        public long ChromaStride;

        /// <summary>Time of the picture on any clock; results carry it.</summary>
        public long TimestampNs;

        /// <summary>Where Data and Chroma lie: a native plugin may have a picture on a CUDA device.</summary>
        public SapiensMemory Memory;

        /// <summary>For Cuda: a CUstream; the pixels are read when everything is done that is in it at the submit.</summary>
        public IntPtr Stream;

        /// <summary>For Cuda: a CUevent; the pixels are read when it has come, and Stream is not looked at.</summary>
        public IntPtr Event;

        internal NativeImage ToNative(IntPtr data)
        {
            NativeImage native;
            Fault.Check(Native.sapiens_image_default(out native, (uint)sizeof(NativeImage)));
            native.format = (int)Format;
            native.width = SapiensStreamOptions.Count(Width, "image.Width");
            native.height = SapiensStreamOptions.Count(Height, "image.Height");
            native.orientation = (int)Orientation;
            native.color = (int)Color;
            native.row_stride = RowStride;
            native.chroma_stride = ChromaStride;
            native.data = data;
            native.chroma = Chroma;
            native.timestamp_ns = TimestampNs;
            native.memory = (int)Memory;
            native.stream = Stream;
            native.@event = Event;
            return native;
        }

        /// <summary>Throws unless a memory of that size holds all rows.</summary>
        internal void MustFit(long bytes, string argument)
        {
            if (RowStride <= 0 || Height < 0 || RowStride > bytes / Math.Max(1, Height))
            {
                throw new ArgumentException(string.Format(
                    "{0} has {1} bytes; image.Height * image.RowStride = {2} * {3} must be more than 0 and fit into it",
                    argument, bytes, Height, RowStride), argument);
            }
            if (Chroma != IntPtr.Zero || ChromaStride != 0)
            {
                throw new ArgumentException("image.Chroma is an address; submit such images with image.Data", "image");
            }
        }

        /// <summary>The orientation of pixels as an engine holds them. `clockwiseDegrees`: the turn that shows the picture upright, a
        /// multiple of 90. `bottomUp`: the first row in memory is the lowest one, as in textures; flipped before it is
        /// turned.</summary>
        public static SapiensOrientation OrientationOf(int clockwiseDegrees, bool bottomUp)
        {
            switch ((clockwiseDegrees % 360 + 360) % 360)
            {
                case 0: return bottomUp ? SapiensOrientation.FlipVertical : SapiensOrientation.Normal;
                case 90: return bottomUp ? SapiensOrientation.Transpose : SapiensOrientation.Rotate90;
                case 180: return bottomUp ? SapiensOrientation.FlipHorizontal : SapiensOrientation.Rotate180;
                case 270: return bottomUp ? SapiensOrientation.Transverse : SapiensOrientation.Rotate270;
                default:
                    throw new ArgumentOutOfRangeException("clockwiseDegrees", clockwiseDegrees,
                        "clockwiseDegrees must be a multiple of 90");
            }
        }
    }

    /// <summary>A box in pixels of the upright image, x right, y down.</summary>
    [NativeTwin("SapiensBox")]
    [StructLayout(LayoutKind.Sequential)]
    public struct SapiensBox
    {
        public float X;
        public float Y;
        public float Width;
        public float Height;
    }

    /// <summary>What is asked about a frame. One object serves any number of frames.</summary>
    public sealed unsafe class SapiensSubmitOptions
    {
        /// <summary>Tasks that may run on this frame.</summary>
        public SapiensTask Tasks { get; set; }

        /// <summary>Every task asked for runs, whatever its cadence and the budget say.</summary>
        public bool IgnoreCadence { get; set; }

        /// <summary>One box per person; null: the whole image is one person.</summary>
        public SapiensBox[] Boxes { get; set; }

        /// <summary>How many of <see cref="Boxes"/> count; negative: all.</summary>
        public int BoxCount { get; set; } = -1;

        internal static NativeSubmitOptions ToNative(SapiensSubmitOptions options, SapiensBox* boxes)
        {
            NativeSubmitOptions native;
            Fault.Check(Native.sapiens_submit_options_default(out native, (uint)sizeof(NativeSubmitOptions)));
            if (options != null)
            {
                int length = options.Boxes == null ? 0 : options.Boxes.Length;
                if (options.BoxCount > length)
                {
                    throw new ArgumentOutOfRangeException("options.BoxCount", options.BoxCount,
                        "options.BoxCount must not be more than there are Boxes");
                }
                native.tasks = (uint)options.Tasks;
                native.flags = options.IgnoreCadence ? Native.SubmitFlagsIgnoreCadence : 0;
                native.box_count = (uint)(options.BoxCount < 0 ? length : options.BoxCount);
                native.boxes = (IntPtr)boxes;
            }
            return native;
        }
    }
}
