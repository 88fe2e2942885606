Shader "Sapiens/Samples/PointCloud"
{
    Properties
    {
        _Points ("Points", 2D) = "black" {}
        _Albedo ("Albedo", 2D) = "white" {}
        _PointSize ("Point size", Float) = 3
    }
    SubShader
    {
        Pass
        {
            CGPROGRAM
            #pragma vertex vert
            #pragma fragment frag
            #pragma target 3.5
            #include "UnityCG.cginc"

            sampler2D _Points, _Albedo;
            float _PointSize;

            struct v2f
            {
                float4 position : SV_POSITION;
                float4 color : COLOR;
                float size : PSIZE;
            };

            v2f vert (float4 vertex : POSITION)
            {
                v2f o;
                float4 at = tex2Dlod(_Points, float4(vertex.xy, 0, 0));
                // Alpha is 0 where there is no point: behind the camera, where it is cut off.
                o.position = at.a > 0.5 ? UnityObjectToClipPos(float4(at.xyz, 1)) : float4(0, 0, -2, 1);
                o.color = tex2Dlod(_Albedo, float4(vertex.xy, 0, 0));
                o.size = _PointSize;
                return o;
            }

            fixed4 frag (v2f i) : SV_Target
            {
                return i.color;
            }
            ENDCG
        }
    }
}
