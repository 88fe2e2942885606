using System;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>A dense map: a view into its result, valid until that is filled anew or disposed. Element c of pixel (x, y) lies at
    /// Data + y * RowStride + x * PixelStride + c * ChannelStride.</summary>
    public unsafe struct SapiensMap
    {
        private readonly SapiensResult owner;
        private readonly int filling;
        private readonly IntPtr data;

        internal SapiensMap(SapiensResult owner, ref NativeMap native)
        {
            this.owner = owner;
            filling = owner.Filling;
            data = native.data;
            Element = (SapiensElement)native.element;
            Memory = (SapiensMemory)native.memory;
            Width = (int)native.width;
            Height = (int)native.height;
            Channels = (int)native.channels;
            RowStride = native.row_stride;
            PixelStride = native.pixel_stride;
            ChannelStride = native.channel_stride;
            fixed (double* m = native.image_from_map)
            {
                ImageFromMap = SapiensAffine.Of(m);
            }
            TimestampNs = native.timestamp_ns;
            AgeFrames = (int)native.age_frames;
            Classes = (int)native.classes;
        }

        public readonly SapiensElement Element;

        /// <summary>Where Data lies: not on the processor for tasks of <see cref="SapiensStreamOptions.DeviceMaps"/> on a CUDA device.</summary>
        public readonly SapiensMemory Memory;

        public readonly int Width;
        public readonly int Height;
        public readonly int Channels;
        public readonly long RowStride;
        public readonly long PixelStride;
        public readonly long ChannelStride;

        /// <summary>From pixels of the map to those of the upright image.</summary>
        public readonly SapiensAffine ImageFromMap;

        public readonly long TimestampNs;

        /// <summary>Frames since the one it was made from: 0 for this one.</summary>
        public readonly int AgeFrames;

        /// <summary>Labels: how many classes there are, for <see cref="SapiensSkeleton.ClassesOf"/>; 0 where nothing says.</summary>
        public readonly int Classes;

        /// <summary>The first element, for native code and NativeArray; nobody checks what is read through it.</summary>
        public IntPtr Data
        {
            get
            {
                MustBeCurrent(owner, filling);
                return data;
            }
        }

        /// <summary>An element of a map of floats.</summary>
        public float FloatAt(int x, int y, int channel)
        {
            MustBe(SapiensElement.F32);
            float value = *(float*)Address(x, y, channel);
            GC.KeepAlive(owner);
            return value;
        }

        /// <summary>An element of a map of bytes.</summary>
        public byte ByteAt(int x, int y, int channel)
        {
            MustBe(SapiensElement.U8);
            byte value = *Address(x, y, channel);
            GC.KeepAlive(owner);
            return value;
        }

        /// <summary>Which pixel of the map lies nearest to a place in the upright image; false if that is outside.</summary>
        public bool TryFindPixel(double imageX, double imageY, out int x, out int y)
        {
            SapiensAffine mapFromImage;
            x = y = 0;
            if (!ImageFromMap.TryInvert(out mapFromImage))
            {
                return false;
            }
            double column, row;
            mapFromImage.Apply(imageX, imageY, out column, out row);
            column = Math.Round(column);
            row = Math.Round(row);
            bool isInside = column >= 0 && column < Width && row >= 0 && row < Height; // false for NaN
            if (isInside)
            {
                x = (int)column;
                y = (int)row;
            }
            return isInside;
        }

        /// <summary>Throws unless the elements are of that type, and can be read by the processor.</summary>
        internal void MustBe(SapiensElement element)
        {
            MustBeCurrent(owner, filling);
            if (Element != element)
            {
                throw new InvalidOperationException(string.Format("the elements of this map are {0}, not {1}", Element, element));
            }
            if (Memory != SapiensMemory.Cpu)
            {
                throw new InvalidOperationException("this map lies on a device; SapiensResult.TryCopyMap brings it to the processor");
            }
        }

        /// <summary>Throws if the result has been filled anew since, or there never was one.</summary>
        internal static void MustBeCurrent(SapiensResult owner, int filling)
        {
            if (owner == null)
            {
                throw new InvalidOperationException("this view is empty: the result had no such pose or map");
            }
            if (owner.Filling != filling)
            {
                throw new ObjectDisposedException("SapiensResult", "the result of this view has been disposed or filled anew");
            }
        }

        internal void KeepAlive()
        {
            GC.KeepAlive(owner);
        }

        private byte* Address(int x, int y, int channel)
        {
            if ((uint)x >= (uint)Width || (uint)y >= (uint)Height || (uint)channel >= (uint)Channels)
            {
                throw new ArgumentOutOfRangeException("x", string.Format("({0}, {1}), channel {2} is outside of {3} x {4} x {5}",
                    x, y, channel, Width, Height, Channels));
            }
            return (byte*)data + y * RowStride + x * PixelStride + channel * ChannelStride;
        }
    }

    /// <summary>Where <see cref="SapiensResult.TryCopyMap"/> puts a map: rows of width * channels elements.</summary>
    public struct SapiensMapTarget
    {
        public SapiensMemory Memory;

        /// <summary>The steadied map.</summary>
        public bool Filtered;

        /// <summary>Where the first row goes.</summary>
        public IntPtr Data;

        /// <summary>Bytes from one row to the next; negative: Data is the last row in memory.</summary>
        public long RowStride;

        /// <summary>Bytes that may be written, from the lowest row on.</summary>
        public ulong Size;

        /// <summary>For Cuda: a CUstream that the copy is put into, without waiting; the result must be kept until it is done. Zero: it is
        /// done when the call returns.</summary>
        public IntPtr Stream;

        /// <summary>For Cuda: a CUevent that is recorded behind the copy.</summary>
        public IntPtr Event;
    }
}
