using System;

namespace Sapiens
{
    /// <summary>Copies of maps into memory of the host, tightly packed, as textures want them. Nothing is allocated.</summary>
    public static unsafe class SapiensMapCopy
    {
        /// <summary>Floats, `channels` per pixel; channels the map does not have become `fill`. `bottomUp`: the lowest row first.
        /// `floats`: how many there is room for.</summary>
        public static void ToFloats(ref SapiensMap map, IntPtr destination, long floats, int channels, bool bottomUp, float fill)
        {
            map.MustBe(SapiensElement.F32);
            MustFit(ref map, destination, floats, channels);
            byte* data = (byte*)map.Data;
            int both = Math.Min(channels, map.Channels);
            float* to = (float*)destination;
            for (int row = 0; row < map.Height; row++)
            {
                byte* from = data + (bottomUp ? map.Height - 1 - row : row) * map.RowStride;
                for (int x = 0; x < map.Width; x++, from += map.PixelStride, to += channels)
                {
                    int c = 0;
                    for (; c < both; c++)
                    {
                        to[c] = *(float*)(from + c * map.ChannelStride);
                    }
                    for (; c < channels; c++)
                    {
                        to[c] = fill;
                    }
                }
            }
            map.KeepAlive();
        }

        /// <summary>Bytes, `channels` per pixel; of a map of bytes as they are, of floats 0..1 as 0..255. Channels the map does not have
        /// become `fill`.</summary>
        public static void ToBytes(ref SapiensMap map, IntPtr destination, long bytes, int channels, bool bottomUp, byte fill)
        {
            bool isBytes = map.Element == SapiensElement.U8;
            map.MustBe(isBytes ? SapiensElement.U8 : SapiensElement.F32);
            MustFit(ref map, destination, bytes, channels);
            byte* data = (byte*)map.Data;
            int both = Math.Min(channels, map.Channels);
            byte* to = (byte*)destination;
            for (int row = 0; row < map.Height; row++)
            {
                byte* from = data + (bottomUp ? map.Height - 1 - row : row) * map.RowStride;
                for (int x = 0; x < map.Width; x++, from += map.PixelStride, to += channels)
                {
                    int c = 0;
                    for (; c < both; c++)
                    {
                        byte* element = from + c * map.ChannelStride;
                        to[c] = isBytes ? *element : Level(*(float*)element);
                    }
                    for (; c < channels; c++)
                    {
                        to[c] = fill;
                    }
                }
            }
            map.KeepAlive();
        }

        /// <summary>As ToFloats into an array.</summary>
        public static void ToArray(ref SapiensMap map, float[] destination, int channels, bool bottomUp)
        {
            fixed (float* to = destination)
            {
                ToFloats(ref map, (IntPtr)to, destination == null ? 0 : destination.LongLength, channels, bottomUp, 0);
            }
        }

        /// <summary>As ToBytes into an array.</summary>
        public static void ToArray(ref SapiensMap map, byte[] destination, int channels, bool bottomUp)
        {
            fixed (byte* to = destination)
            {
                ToBytes(ref map, (IntPtr)to, destination == null ? 0 : destination.LongLength, channels, bottomUp, 0);
            }
        }

        /// <summary>NaN and what is below 0 become 0, what is above 1 255.</summary>
        private static byte Level(float value)
        {
            return value > 0 ? value < 1 ? (byte)(value * 255f + 0.5f) : (byte)255 : (byte)0;
        }

        private static void MustFit(ref SapiensMap map, IntPtr destination, long room, int channels)
        {
            if (destination == IntPtr.Zero)
            {
                throw new ArgumentNullException("destination");
            }
            if (channels <= 0)
            {
                throw new ArgumentOutOfRangeException("channels", channels, "channels must be more than 0");
            }
            long needed = (long)map.Width * map.Height * channels;
            if (room < needed)
            {
                throw new ArgumentException(string.Format("destination has room for {0} elements; {1} x {2} x {3} are needed", room,
                    map.Width, map.Height, channels), "destination");
            }
        }
    }
}
